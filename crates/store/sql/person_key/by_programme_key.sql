SELECT programme_key, CAST(COUNT(*) AS BIGINT) FROM person_key GROUP BY programme_key ORDER BY programme_key
