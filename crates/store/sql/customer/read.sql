SELECT id, network, registered_at, version FROM customer WHERE id = $id
