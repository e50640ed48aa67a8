INSERT INTO outbox (webhook, event, body, due_at, attempts, created_at, try_until)
VALUES ($webhook, $event, $body, $at, 0, $at, $try_until)
