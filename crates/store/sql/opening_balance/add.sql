INSERT INTO opening_balance (chain, wallet, unit, amount, activates_at, expires_at)
VALUES ($chain, $wallet, $unit, $amount, $activates_at, $expires_at)
