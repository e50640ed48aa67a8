-- Writers from this one on have not begun yet. Here there is one, 0.
SELECT CAST(1 AS BIGINT)
