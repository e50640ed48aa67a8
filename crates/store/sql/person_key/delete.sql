DELETE FROM person_key WHERE customer = $customer
