SELECT id, unit, overdraft_max, lots, closed,
    debits_pending, debits_posted, credits_pending, credits_posted
FROM account WHERE id IN (VALUES ($id))
ORDER BY id
FOR UPDATE
