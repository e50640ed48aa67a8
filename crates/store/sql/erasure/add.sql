INSERT INTO erasure (customer_sha256, act, at) VALUES ($customer_sha256, $act, $at) RETURNING number
