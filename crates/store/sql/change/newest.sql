SELECT writer, id FROM change ORDER BY writer DESC, id DESC LIMIT 1
