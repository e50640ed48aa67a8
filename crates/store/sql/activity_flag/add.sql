INSERT INTO activity_flag (
    kind, object, network, shop, day, what, bound, held, at, closed_at, closed_by
)
VALUES ($kind, $object, $network, $shop, $day, $what, $bound, $held, $at, NULL, NULL)
RETURNING id
