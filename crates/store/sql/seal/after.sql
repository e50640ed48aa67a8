SELECT position, writer, audit, version, sha256 FROM seal
WHERE position > $position
ORDER BY position
LIMIT $most
