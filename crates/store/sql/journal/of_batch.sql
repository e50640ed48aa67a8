SELECT id, receipt, batch, body, received_at FROM journal WHERE batch = $batch ORDER BY id
