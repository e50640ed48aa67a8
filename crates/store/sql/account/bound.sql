UPDATE account
SET overdraft_max = CASE
    WHEN CAST($overdraft_max AS BIGINT) > debits_posted + debits_pending - credits_posted
    THEN CAST($overdraft_max AS BIGINT)
    ELSE debits_posted + debits_pending - credits_posted
END
WHERE id = $id
