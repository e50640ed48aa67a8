SELECT CAST(COUNT(*) AS BIGINT) FROM (
    SELECT 1 FROM person_index WHERE index_key = $index_key AND hash = $hash LIMIT $most
) AS found
