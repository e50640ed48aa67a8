SELECT id, name_en, name_ru, scheme, created_at, version
FROM network WHERE id > $after ORDER BY id LIMIT $most
