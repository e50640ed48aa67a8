UPDATE quote SET customer = NULL, body = '' WHERE id = $id
