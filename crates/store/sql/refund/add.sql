INSERT INTO refund (receipt, original, body, at) VALUES ($receipt, $original, $body, $at)
