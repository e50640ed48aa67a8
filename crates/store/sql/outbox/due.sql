SELECT id, webhook, event, body, due_at, attempts, last_error, created_at, try_until, given_up_at FROM outbox
WHERE webhook = $webhook AND due_at <= $at AND given_up_at IS NULL
ORDER BY due_at, id
LIMIT $most
