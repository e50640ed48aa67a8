INSERT INTO person_change (customer, sealed, actor, role, door, shop, till, request, at)
VALUES ($customer, $sealed, $actor, $role, $door, $shop, $till, $request, $at)
