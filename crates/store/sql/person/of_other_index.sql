SELECT customer FROM person
WHERE customer > $after AND index_key <> $index_key
ORDER BY customer LIMIT $most
