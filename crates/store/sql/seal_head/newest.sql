SELECT position, sha256, signed_by, signature, at FROM seal_head ORDER BY position DESC LIMIT 1
