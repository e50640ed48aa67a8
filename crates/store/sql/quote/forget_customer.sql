UPDATE quote SET customer = NULL WHERE id = $id
