UPDATE webhook
SET url = $url, secret = $secret, former_secret = $former_secret, former_until = $former_until,
    events = $events, disabled = $disabled, version = version + 1
WHERE id = $id
