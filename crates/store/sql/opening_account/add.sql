INSERT INTO opening_account (account, wallet) VALUES ($account, $wallet)
ON CONFLICT (account) DO NOTHING
