INSERT INTO journal_batch (number, moved_at)
SELECT COALESCE(MAX(number), 0) + 1, CAST(NULL AS BIGINT) FROM journal_batch
RETURNING number
