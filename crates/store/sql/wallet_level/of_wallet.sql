SELECT wallet, scope, level, since, review_on, granted_until, granted_by
FROM wallet_level WHERE wallet = $wallet ORDER BY scope
