INSERT INTO customer (id, network, registered_at, version) VALUES ($id, $network, $registered_at, 1)
