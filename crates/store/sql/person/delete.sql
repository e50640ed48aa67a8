DELETE FROM person WHERE customer = $customer
