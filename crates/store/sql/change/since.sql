-- One writer: rows are numbered in the sequence of commits.
SELECT writer, id, kind, object, at FROM change
WHERE id > $id
ORDER BY id
LIMIT $most
