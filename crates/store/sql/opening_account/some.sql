SELECT a.account, a.wallet, w.network
FROM opening_account AS a JOIN wallet AS w ON w.id = a.wallet
WHERE a.account IN (VALUES ($account))
