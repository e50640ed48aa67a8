SELECT i.customer FROM person_index AS i
WHERE i.index_key = $index_key AND i.hash = $hash AND i.customer > $after
    AND EXISTS (
        SELECT 1 FROM person_index AS s
        WHERE s.index_key = $index_key AND s.hash = $second AND s.customer = i.customer
    )
    AND EXISTS (
        SELECT 1 FROM person_index AS t
        WHERE t.index_key = $index_key AND t.hash = $third AND t.customer = i.customer
    )
    AND EXISTS (
        SELECT 1 FROM person_index AS f
        WHERE f.index_key = $index_key AND f.hash = $fourth AND f.customer = i.customer
    )
ORDER BY i.customer LIMIT $most
