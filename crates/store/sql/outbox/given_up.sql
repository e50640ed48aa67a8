SELECT id, webhook, event, body, due_at, attempts, last_error, created_at, try_until, given_up_at FROM outbox
WHERE webhook = $webhook AND given_up_at IS NOT NULL AND id > $after
ORDER BY id
LIMIT $most
