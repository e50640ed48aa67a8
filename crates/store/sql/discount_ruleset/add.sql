INSERT INTO discount_ruleset (version, state, revision, created_at, created_by, body)
VALUES ($version, 'draft', 1, $at, $by, $body)
ON CONFLICT (version) DO NOTHING
