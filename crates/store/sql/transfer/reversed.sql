SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM transfer WHERE reverse_of = $of
