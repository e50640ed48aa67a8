INSERT INTO quote_body (quote, body) VALUES ($quote, $body)
