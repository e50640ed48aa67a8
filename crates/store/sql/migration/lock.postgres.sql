-- Two programs that start at once migrate one after the other. The number means nothing.
SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT pg_advisory_xact_lock(7370619)) AS taken
