UPDATE outbox
SET due_at = $at, try_until = $try_until, attempts = 0, given_up_at = NULL
WHERE webhook = $webhook AND given_up_at IS NOT NULL
