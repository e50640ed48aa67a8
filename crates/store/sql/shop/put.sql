UPDATE shop
SET name_en = $name_en, name_ru = $name_ru, time_zone = $time_zone, closed = $closed,
    version = version + 1
WHERE id = $id AND version = $version
