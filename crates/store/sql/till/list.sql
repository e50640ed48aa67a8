SELECT shop, id, closed, created_at, version
FROM till WHERE shop = $shop AND id > $after ORDER BY id LIMIT $most
