SELECT id, sealed, actor, role, door, shop, till, request, at FROM person_change
WHERE customer = $customer AND id > $after ORDER BY id LIMIT $most
