DELETE FROM consent WHERE customer = $customer
