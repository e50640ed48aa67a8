INSERT INTO seal (position, writer, audit, version, sha256)
VALUES ($position, $writer, $audit, $version, $sha256)
