SELECT receipt, original, body, at FROM refund WHERE original = $original ORDER BY at, receipt
