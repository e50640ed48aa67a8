SELECT CAST(COALESCE(MAX(version), 0) AS BIGINT) FROM discount_ruleset
