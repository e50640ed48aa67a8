SELECT number, customer_sha256, act, at FROM erasure WHERE number > $after ORDER BY number LIMIT $most
