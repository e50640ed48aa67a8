SELECT id, debit, credit, unit, amount, expires_at, state, posted, opens FROM hold ORDER BY id
