SELECT id, account, amount, remaining, held, activates_at, expires_at, source
FROM lot WHERE id = $id
