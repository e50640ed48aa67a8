SELECT id FROM quote
WHERE state <> 'confirmed' AND state = 'held' AND expires_at <= $at
ORDER BY expires_at, id
LIMIT $most
