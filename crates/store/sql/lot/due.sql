-- The whole table is gone through in the sequence of its key: an index of what is due would be written
-- with every purchase, for a question that is asked once in a while.
SELECT id, account, amount, remaining, held, activates_at, expires_at, source
FROM lot
WHERE (account, id) > ($account, $id)
    AND remaining > held AND expires_at IS NOT NULL AND expires_at <= $at
ORDER BY account, id LIMIT $most
