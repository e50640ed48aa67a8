UPDATE outbox SET due_at = $until
WHERE webhook = $webhook AND due_at < $until AND given_up_at IS NULL
