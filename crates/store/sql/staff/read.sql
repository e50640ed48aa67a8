SELECT id, password, role, door, bounds, totp_secret, totp_pending, totp_last_step, failures,
    locked_until, disabled, created_at, version
FROM staff WHERE id = $id
