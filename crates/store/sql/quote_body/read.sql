SELECT COALESCE(b.body, q.body) FROM quote AS q LEFT JOIN quote_body AS b ON b.quote = q.id
WHERE q.id = $quote
