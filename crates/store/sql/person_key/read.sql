SELECT programme_key, sealed FROM person_key WHERE customer = $customer
