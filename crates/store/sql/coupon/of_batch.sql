SELECT CAST(COUNT(*) AS BIGINT) FROM coupon WHERE series = $series AND batch = $batch
