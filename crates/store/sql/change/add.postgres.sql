INSERT INTO change (writer, kind, object, at)
VALUES (
    (SELECT base FROM writer_base) + CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT),
    $kind, $object, $at
)
