-- Those that count from a moment on, or ever did, the last first; what was ended before it began never counts.
SELECT version, state, revision, created_at, created_by, checked_at, checked_by,
    starts_at, published_at, published_by, retired_at, retired_by
FROM discount_ruleset
WHERE starts_at IS NOT NULL AND starts_at <= $until AND (retired_at IS NULL OR retired_at > starts_at)
ORDER BY starts_at DESC, version DESC LIMIT $most
