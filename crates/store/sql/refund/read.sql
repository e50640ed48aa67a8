SELECT receipt, original, body, at FROM refund WHERE receipt = $receipt
