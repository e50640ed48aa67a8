DELETE FROM held_receipt WHERE flag = $flag
