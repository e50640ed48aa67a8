SELECT number FROM erasure WHERE customer_sha256 = $customer_sha256 ORDER BY number LIMIT 1
