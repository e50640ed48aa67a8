SELECT id FROM customer
UNION SELECT customer FROM card WHERE customer IS NOT NULL
UNION SELECT customer FROM wallet WHERE customer IS NOT NULL
UNION SELECT customer FROM receipt WHERE customer IS NOT NULL
UNION SELECT customer FROM coupon WHERE customer IS NOT NULL
UNION SELECT customer FROM quote WHERE customer IS NOT NULL
UNION SELECT customer FROM journal WHERE customer IS NOT NULL
UNION SELECT customer_before FROM journal WHERE customer_before IS NOT NULL
