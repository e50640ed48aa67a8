SELECT customer FROM person WHERE customer > $after ORDER BY customer LIMIT $most
