-- One writer at a time is enough of a lock.
SELECT CAST(1 AS BIGINT) WHERE $id IS NOT NULL
