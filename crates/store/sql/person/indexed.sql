UPDATE person SET index_key = $index_key WHERE customer = $customer
