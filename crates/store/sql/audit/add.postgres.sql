INSERT INTO audit (
    writer, at, actor, role, door, action, kind, object, shop, till, request, detail
)
VALUES (
    (SELECT base FROM writer_base) + CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT),
    $at, $actor, $role, $door, $action, $kind, $object, $shop, $till, $request, $detail
)
