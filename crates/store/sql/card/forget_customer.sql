UPDATE card SET customer = NULL, version = version + 1 WHERE customer = $customer
