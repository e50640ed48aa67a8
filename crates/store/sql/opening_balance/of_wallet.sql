SELECT chain, wallet, unit, amount, activates_at, expires_at
FROM opening_balance WHERE wallet = $wallet ORDER BY chain
