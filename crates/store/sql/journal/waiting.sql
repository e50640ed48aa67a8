SELECT CAST(COUNT(*) AS BIGINT), MIN(received_at) FROM journal
