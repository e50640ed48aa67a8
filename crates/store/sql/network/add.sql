INSERT INTO network (id, name_en, name_ru, scheme, created_at, version)
VALUES ($id, $name_en, $name_ru, $scheme, $at, 1)
ON CONFLICT (id) DO NOTHING
