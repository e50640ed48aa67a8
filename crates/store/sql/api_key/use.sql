UPDATE api_key SET used_at = $at WHERE id = $id AND (used_at IS NULL OR used_at < $at)
