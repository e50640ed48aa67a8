UPDATE receipt SET customer = NULL WHERE customer = $customer
