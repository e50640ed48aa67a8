INSERT INTO shop (id, network, name_en, name_ru, time_zone, closed, created_at, version)
VALUES ($id, $network, $name_en, $name_ru, $time_zone, FALSE, $at, 1)
ON CONFLICT (id) DO NOTHING
