SELECT id, account, amount, remaining, held, activates_at, expires_at, source
FROM lot
WHERE account = $account AND remaining > held AND activates_at <= $at
    AND (expires_at IS NULL OR expires_at > $at)
ORDER BY expires_at NULLS LAST, activates_at, id
