INSERT INTO wallet (id, network, customer, created_at, version)
VALUES ($id, $network, $customer, $at, 1)
