UPDATE journal SET batch = $batch
WHERE id IN (SELECT id FROM journal WHERE batch IS NULL ORDER BY id LIMIT $most)
