UPDATE writer_base
SET base = (
    SELECT CAST(COALESCE(MAX(writer), 0) + 1 AS BIGINT)
    FROM (
        SELECT MAX(writer) AS writer FROM audit
        UNION ALL
        SELECT MAX(writer) FROM change
        UNION ALL
        SELECT MAX(writer) FROM seal
    ) AS writers
)
