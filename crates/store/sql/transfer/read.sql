SELECT id, chain, position, at, debit, credit, unit, amount, asked FROM transfer WHERE id = $id
