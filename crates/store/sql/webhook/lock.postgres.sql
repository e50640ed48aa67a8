SELECT id, url, secret, former_secret, former_until, events, disabled, created_at, version FROM webhook WHERE id = $id FOR UPDATE
