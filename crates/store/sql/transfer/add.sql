INSERT INTO transfer (id, chain, position, at, debit, credit, unit, amount, reverse_of, asked)
VALUES ($id, $chain, $position, $at, $debit, $credit, $unit, $amount, $reverse_of, $asked)
