INSERT INTO webhook (id, url, secret, former_secret, former_until, events, disabled, created_at, version)
VALUES ($id, $url, $secret, NULL, NULL, $events, FALSE, $created_at, 1)
