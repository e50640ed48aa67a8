UPDATE quote_body SET body = $body WHERE quote = $quote
