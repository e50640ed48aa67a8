-- Only what every later reader will see as well: transactions that still run may have lower numbers.
SELECT writer, id, kind, object, at FROM change
WHERE (writer, id) > ($writer, $id)
  AND writer < (SELECT base FROM writer_base)
    + CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)
ORDER BY writer, id
LIMIT $most
