UPDATE api_key
SET name = $name, secret_sha256 = $secret_sha256, former_secret_sha256 = $former_secret_sha256,
    former_until = $former_until, expires_at = $expires_at, revoked = $revoked, version = $version
WHERE id = $id
