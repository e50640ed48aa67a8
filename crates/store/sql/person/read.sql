SELECT sealed, changed_at, version FROM person WHERE customer = $customer
