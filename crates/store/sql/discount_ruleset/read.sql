SELECT version, state, revision, created_at, created_by, checked_at, checked_by,
    starts_at, published_at, published_by, retired_at, retired_by, body
FROM discount_ruleset WHERE version = $version
