-- Ids begin with their chain's: '/' stands before them, and '0' is the character after '/'.
SELECT id, chain, position, at, debit, credit, unit, amount, asked
FROM transfer WHERE id > $from AND id < $until AND chain = $chain ORDER BY position
