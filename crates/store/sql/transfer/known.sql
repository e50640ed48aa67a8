SELECT found FROM (
    SELECT (SELECT id FROM transfer WHERE id = asked.column1) AS found
    FROM (VALUES ($id)) AS asked
) AS each_one
WHERE found IS NOT NULL
