SELECT kind, scope, version, body, published_at, published_by
FROM ruleset WHERE kind = $kind AND scope = $scope ORDER BY version DESC LIMIT 1
