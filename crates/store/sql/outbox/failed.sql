UPDATE outbox
SET due_at = $due_at, attempts = attempts + 1, last_error = $last_error,
    given_up_at = CAST($given_up_at AS BIGINT)
WHERE id = $id
