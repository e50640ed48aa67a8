SELECT CAST(1 AS BIGINT) FROM (SELECT pg_advisory_xact_lock(7370656113)) AS locked
