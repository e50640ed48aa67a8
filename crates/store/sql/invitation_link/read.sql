SELECT role FROM invitation_link
WHERE token_sha256 = $token_sha256 AND used_at IS NULL AND expires_at > $at
