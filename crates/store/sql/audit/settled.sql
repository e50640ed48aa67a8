-- A single writer numbers all rows of SQLite: none is stored later with a lower number. A row with
-- another writer is not ours.
SELECT writer, id, at, actor, role, door, action, kind, object, shop, till, request, detail
FROM audit
WHERE writer = 0 AND (writer > $writer OR (writer = $writer AND id > $id))
ORDER BY writer, id
LIMIT $most
