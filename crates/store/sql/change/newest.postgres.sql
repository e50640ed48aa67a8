-- The newest before which nothing can come any more.
SELECT writer, id FROM change
WHERE writer < (SELECT base FROM writer_base)
    + CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)
ORDER BY writer DESC, id DESC LIMIT 1
