UPDATE outbox SET due_at = $until WHERE id = $id
