SELECT id, account, amount, remaining, held, activates_at, expires_at, source
FROM lot WHERE account = $account AND remaining > 0
ORDER BY expires_at NULLS LAST, activates_at, id
