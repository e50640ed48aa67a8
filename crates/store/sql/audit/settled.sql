-- A single writer numbers all rows of SQLite: none is stored later with a lower number. A row with
-- another writer is not ours. By the number alone, so that what was read before is not gone through.
SELECT writer, id, at, actor, role, door, action, kind, object, shop, till, request, detail
FROM audit
WHERE writer = 0 AND $writer <= 0 AND id > CASE WHEN $writer < 0 THEN 0 ELSE $id END
ORDER BY writer, id
LIMIT $most
