UPDATE account
SET closed = $closed, debits_pending = $debits_pending, debits_posted = $debits_posted,
    credits_pending = $credits_pending, credits_posted = $credits_posted
WHERE id = $id
