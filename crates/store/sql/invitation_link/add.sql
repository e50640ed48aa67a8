INSERT INTO invitation_link (token_sha256, role, expires_at, used_at)
VALUES ($token_sha256, $role, $expires_at, NULL)
