SELECT number FROM journal_batch WHERE moved_at IS NULL ORDER BY number LIMIT 1
