DELETE FROM request WHERE at < $before
