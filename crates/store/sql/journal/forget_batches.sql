DELETE FROM journal_batch WHERE number < $before AND moved_at IS NOT NULL
