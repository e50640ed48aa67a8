INSERT INTO ruleset (kind, scope, version, body, published_at, published_by)
VALUES ($kind, $scope, $version, $body, $at, $by)
