SELECT id, kind, object, network, shop, day, what, bound, held, at, closed_at, closed_by, released
FROM activity_flag WHERE id = $id
