SELECT CAST(SUM(amount) AS BIGINT) FROM opening_balance WHERE unit = $unit
