DELETE FROM person_change WHERE customer = $customer
