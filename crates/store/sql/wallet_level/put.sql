INSERT INTO wallet_level (wallet, scope, level, since, review_on, granted_until, granted_by)
VALUES ($wallet, $scope, $level, $since, $review_on, $granted_until, $granted_by)
ON CONFLICT (wallet, scope) DO UPDATE
SET level = excluded.level, since = excluded.since, review_on = excluded.review_on,
    granted_until = excluded.granted_until, granted_by = excluded.granted_by
