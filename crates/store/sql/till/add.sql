INSERT INTO till (shop, id, closed, created_at, version) VALUES ($shop, $id, FALSE, $at, 1)
ON CONFLICT (shop, id) DO NOTHING
