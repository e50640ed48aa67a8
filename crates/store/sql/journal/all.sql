SELECT id, receipt, batch, body, received_at FROM journal ORDER BY id
