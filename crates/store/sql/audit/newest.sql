SELECT id, at, actor, role, door, action, kind, object, shop, till, request, detail
FROM audit
ORDER BY id DESC
LIMIT $most
