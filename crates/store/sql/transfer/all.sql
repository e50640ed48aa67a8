SELECT id, chain, position, at, debit, credit, unit, amount, asked
FROM transfer ORDER BY chain, position
