DELETE FROM quote
WHERE state <> 'confirmed' AND state IN ('cancelled', 'expired') AND expires_at < $before
