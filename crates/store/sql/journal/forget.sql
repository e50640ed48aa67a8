DELETE FROM journal
WHERE id IN (
    SELECT j.id FROM journal AS j JOIN journal_batch AS b ON b.number = j.batch
    WHERE b.moved_at IS NOT NULL ORDER BY j.id LIMIT $most
)
