UPDATE person_key SET programme_key = $programme_key, sealed = $sealed WHERE customer = $customer
