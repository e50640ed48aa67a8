SELECT programme_key, CAST(SUM(persons) AS BIGINT) FROM (
    SELECT programme_key, COUNT(*) AS persons FROM person_key GROUP BY programme_key
    UNION ALL
    SELECT programme_key, 0 FROM index_key
) AS sealed
GROUP BY programme_key ORDER BY programme_key
