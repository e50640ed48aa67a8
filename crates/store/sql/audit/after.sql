-- In two parts, each of which begins where the last one ended: SQLite goes through all rows of a writer otherwise.
SELECT writer, id, at, actor, role, door, action, kind, object, shop, till, request, detail
FROM audit
WHERE writer = $writer AND id > $id
UNION ALL
SELECT writer, id, at, actor, role, door, action, kind, object, shop, till, request, detail
FROM audit
WHERE writer > $writer
ORDER BY writer, id
LIMIT $most
