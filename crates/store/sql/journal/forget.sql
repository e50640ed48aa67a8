DELETE FROM journal WHERE batch = $batch
