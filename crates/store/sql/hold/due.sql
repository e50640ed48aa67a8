SELECT id, debit, credit, unit, amount, expires_at, state, posted, opens
FROM hold WHERE state = 'pending' AND expires_at <= $at ORDER BY expires_at, id LIMIT $most
