SELECT id, network, customer, created_at, version FROM wallet WHERE id = $id
