SELECT s.network, s.time_zone, (s.closed OR t.closed)
FROM shop s JOIN till t ON t.shop = s.id
WHERE s.id = $shop AND t.id = $till
