INSERT INTO seal_head (position, sha256, signed_by, signature, at)
VALUES ($position, $sha256, $signed_by, $signature, $at)
ON CONFLICT (position) DO NOTHING
