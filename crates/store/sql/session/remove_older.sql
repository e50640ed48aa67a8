-- All but the newest of a person.
DELETE FROM session
WHERE staff = $staff AND token_sha256 NOT IN (
    SELECT token_sha256 FROM session
    WHERE staff = $staff
    ORDER BY created_at DESC, token_sha256 LIMIT $keep
)
