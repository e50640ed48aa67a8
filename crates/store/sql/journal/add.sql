INSERT INTO journal (receipt, customer, customer_before, batch, body, received_at)
VALUES ($receipt, $customer, $customer_before, NULL, $body, $received_at)
