SELECT CAST(COALESCE(SUM(net), 0) AS BIGINT), CAST(COALESCE(SUM(receipts), 0) AS BIGINT),
    CAST(COALESCE(SUM(points), 0) AS BIGINT)
FROM wallet_day
WHERE wallet = $wallet AND (CAST($network AS TEXT) = '' OR network = $network)
    AND day >= $first AND day <= $last
