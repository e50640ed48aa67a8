SELECT object FROM change
WHERE (writer, id) > ($writer, $id) AND kind = 'api_key'
ORDER BY writer, id
LIMIT $most
