UPDATE discount_ruleset
SET state = $state, revision = revision + 1, checked_at = $checked_at, checked_by = $checked_by,
    starts_at = $starts_at, published_at = $published_at, published_by = $published_by,
    retired_at = $retired_at, retired_by = $retired_by, body = $body
WHERE version = $version
