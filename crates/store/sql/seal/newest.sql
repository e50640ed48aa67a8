SELECT position, writer, audit, version, sha256 FROM seal ORDER BY position DESC LIMIT 1
