SELECT customer, programme_key, sealed FROM person_key
WHERE customer > $after AND programme_key <> $programme_key
ORDER BY customer LIMIT $most
