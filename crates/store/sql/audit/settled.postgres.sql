-- Only what every later reader will see as well: transactions that still run may have lower numbers.
SELECT writer, id, at, actor, role, door, action, kind, object, shop, till, request, detail
FROM audit
WHERE (writer, id) > ($writer, $id)
  AND writer < (SELECT base FROM writer_base)
    + CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)
ORDER BY writer, id
LIMIT $most
