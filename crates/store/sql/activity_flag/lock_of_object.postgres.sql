SELECT id, kind, object, network, shop, day, what, bound, held, at, closed_at, closed_by, released
FROM activity_flag
WHERE object = $object AND day = $day
ORDER BY id
FOR SHARE
