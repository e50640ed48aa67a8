SELECT wallet, scope, level, since, review_on, granted_until, granted_by
FROM wallet_level
WHERE review_on IS NOT NULL AND review_on <= $day AND (wallet, scope) > ($wallet, $scope)
ORDER BY wallet, scope LIMIT $most
