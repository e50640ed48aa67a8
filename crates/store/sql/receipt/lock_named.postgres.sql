SELECT r.id, r.network, r.shop, r.till, r.number, r.content_sha256, r.version, r.card, r.wallet,
    r.customer, r.original, r.net, r.points, r.points_by_line, r.answer, r.at, r.day, r.received_at
FROM receipt r
WHERE r.id IN (SELECT n.receipt FROM receipt_name n WHERE n.name = $name OR n.name = $other_name)
ORDER BY r.id
FOR UPDATE OF r
