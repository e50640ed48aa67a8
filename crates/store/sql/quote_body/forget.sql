DELETE FROM quote_body
WHERE quote IN (
    SELECT id FROM quote
    WHERE state <> 'confirmed' AND state IN ('cancelled', 'expired') AND expires_at < $before
)
