SELECT a.wallet, w.network FROM opening_account a JOIN wallet w ON w.id = a.wallet
WHERE a.account = $account
