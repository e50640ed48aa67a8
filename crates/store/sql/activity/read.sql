SELECT times, amount FROM activity WHERE kind = $kind AND object = $object AND day = $day
