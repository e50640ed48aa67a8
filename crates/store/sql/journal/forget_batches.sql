DELETE FROM journal_batch
WHERE number < $before AND moved_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM journal WHERE journal.batch = journal_batch.number)
