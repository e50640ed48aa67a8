UPDATE quote SET customer = NULL, body = $body WHERE id = $id
