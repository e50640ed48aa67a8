INSERT INTO entry (account, at, transfer) VALUES ($account, $at, $transfer)
