SELECT r.id, r.network, r.shop, r.till, r.number, r.content_sha256, r.version, r.card, r.wallet,
    r.customer, r.original, r.net, r.points, r.points_by_line, r.answer, r.at, r.day, r.received_at
FROM receipt r
WHERE r.wallet = $wallet AND (r.at, r.id) < ($before_at, $before_id)
ORDER BY r.at DESC, r.id DESC
LIMIT $most
