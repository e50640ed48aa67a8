INSERT INTO session (token_sha256, staff, csrf_sha256, created_at, seen_at, expires_at)
VALUES ($token_sha256, $staff, $csrf_sha256, $created_at, $seen_at, $expires_at)
