SELECT position, sha256, signed_by, signature, at FROM seal_head
WHERE position > $position
ORDER BY position
LIMIT $most
