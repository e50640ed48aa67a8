DELETE FROM session WHERE expires_at <= $at OR seen_at < $seen_before
