INSERT INTO audit (
    writer, at, actor, role, door, action, kind, object, shop, till, request, detail
)
VALUES (
    0, $at, $actor, $role, $door, $action, $kind, $object, $shop, $till, $request, $detail
)
