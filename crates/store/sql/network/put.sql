UPDATE network SET name_en = $name_en, name_ru = $name_ru, version = version + 1
WHERE id = $id AND version = $version
