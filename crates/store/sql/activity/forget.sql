DELETE FROM activity WHERE day < $before
