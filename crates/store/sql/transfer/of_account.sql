SELECT t.id, t.chain, t.position, t.at, t.debit, t.credit, t.unit, t.amount, t.asked
FROM entry AS e JOIN transfer AS t ON t.id = e.transfer
WHERE e.account = $account AND (e.at, e.transfer) < ($at, $id)
ORDER BY e.at DESC, e.transfer DESC LIMIT $most
