SELECT body FROM quote_body WHERE quote = $quote
