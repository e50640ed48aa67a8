SELECT id, network, name_en, name_ru, time_zone, closed, created_at, version
FROM shop WHERE network = $network AND id > $after ORDER BY id LIMIT $most
