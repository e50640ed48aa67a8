SELECT writer, id, at, actor, role, door, action, kind, object, shop, till, request, detail
FROM audit
WHERE (writer, id) > ($writer, $id)
ORDER BY writer, id
LIMIT $most
