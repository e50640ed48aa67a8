INSERT INTO entry (account, at, transfer)
SELECT id, CAST($at AS BIGINT), CAST($transfer AS TEXT) FROM account
WHERE id IN ($debit, $credit) AND lots
