SELECT writer, id, at, actor, role, door, action, kind, object, shop, till, request, detail
FROM audit
WHERE writer > $writer OR (writer = $writer AND id > $id)
ORDER BY writer, id
LIMIT $most
