UPDATE staff
SET password = $password, role = $role, door = $door, bounds = $bounds,
    totp_secret = $totp_secret, totp_pending = $totp_pending, totp_last_step = $totp_last_step,
    failures = $failures, locked_until = $locked_until, disabled = $disabled, version = $version
WHERE id = $id
