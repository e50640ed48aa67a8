SELECT id, network, customer, created_at, version FROM wallet WHERE customer = $customer ORDER BY id
