INSERT INTO migration (name, sha256, applied_at) VALUES ($name, $sha256, $at)
