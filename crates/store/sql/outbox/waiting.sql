SELECT CAST(COUNT(*) AS BIGINT), CAST(COALESCE(MIN(created_at), 0) AS BIGINT) FROM outbox
WHERE webhook = $webhook AND given_up_at IS NULL
