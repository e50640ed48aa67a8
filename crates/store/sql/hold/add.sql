INSERT INTO hold (id, debit, credit, unit, amount, expires_at, state, posted, opens)
VALUES ($id, $debit, $credit, $unit, $amount, $expires_at, $state, $posted, $opens)
