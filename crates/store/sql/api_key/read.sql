SELECT id, live, name, secret_sha256, former_secret_sha256, former_until, role, door, scopes, bounds,
    till, expires_at, used_at, revoked, created_by, created_at, version
FROM api_key WHERE id = $id
