DELETE FROM person_index WHERE customer = $customer
