SELECT CAST(COUNT(*) AS BIGINT), MIN(received_at) FROM journal
WHERE batch IS NULL OR batch IN (SELECT number FROM journal_batch WHERE moved_at IS NULL)
