INSERT INTO quote_body (quote, body) VALUES ($quote, $body)
ON CONFLICT (quote) DO UPDATE SET body = excluded.body
