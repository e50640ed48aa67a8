INSERT INTO person (customer, sealed, index_key, changed_at, version)
VALUES ($customer, $sealed, $index_key, $changed_at, 1)
