SELECT t.id, t.chain, t.position, t.at, t.debit, t.credit, t.unit, t.amount, t.asked
FROM entry AS e JOIN transfer AS t ON t.id = e.transfer
WHERE e.account = $account AND e.at >= $since AND t.credit = $into
ORDER BY e.at, e.transfer
