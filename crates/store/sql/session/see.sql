UPDATE session SET seen_at = $at WHERE token_sha256 = $token_sha256 AND seen_at < $at
