INSERT INTO lot (id, account, amount, remaining, held, activates_at, expires_at, source)
VALUES ($id, $account, $amount, $remaining, $held, $activates_at, $expires_at, $source)
