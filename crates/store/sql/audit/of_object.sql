SELECT id, at, actor, role, door, action, kind, object, shop, till, request, detail
FROM audit WHERE kind = $kind AND object = $object AND id > $after
ORDER BY id LIMIT $most
