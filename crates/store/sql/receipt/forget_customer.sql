UPDATE receipt SET customer = NULL
WHERE customer = $customer AND wallet IN (
    SELECT w.id FROM wallet w WHERE w.customer = $customer
    UNION SELECT c.wallet FROM card c WHERE c.customer = $customer AND c.wallet IS NOT NULL
)
