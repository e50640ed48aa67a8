SELECT token_sha256, staff, csrf_sha256, created_at, seen_at, expires_at
FROM session WHERE token_sha256 = $token_sha256
