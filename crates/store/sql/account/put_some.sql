UPDATE account
SET debits_posted = new.column2, credits_posted = new.column3
FROM (VALUES ($id, CAST($debits_posted AS BIGINT), CAST($credits_posted AS BIGINT))) AS new
WHERE account.id = new.column1
