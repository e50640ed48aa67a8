UPDATE invitation_link SET used_at = $at
WHERE token_sha256 = $token_sha256 AND used_at IS NULL AND expires_at > $at
