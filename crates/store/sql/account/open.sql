INSERT INTO account (
    id, unit, overdraft_max, lots, closed,
    debits_pending, debits_posted, credits_pending, credits_posted
)
VALUES ($id, $unit, $overdraft_max, $lots, FALSE, 0, 0, 0, 0)
ON CONFLICT (id) DO NOTHING
