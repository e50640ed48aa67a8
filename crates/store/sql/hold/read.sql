SELECT id, debit, credit, unit, amount, expires_at, state, posted, opens FROM hold WHERE id = $id
