SELECT id, receipt, batch, body, received_at FROM journal
WHERE customer = $customer OR customer_before = $customer
ORDER BY id
