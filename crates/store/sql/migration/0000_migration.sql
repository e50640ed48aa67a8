CREATE TABLE IF NOT EXISTS migration (
    name TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    applied_at BIGINT NOT NULL
);
