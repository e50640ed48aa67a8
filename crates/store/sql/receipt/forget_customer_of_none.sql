UPDATE receipt SET customer = NULL WHERE customer = $customer AND wallet IS NULL
