-- What a quote says lies apart from what became of it: the one is long and never changes, the other is short
-- and does, and a row is written whole.
CREATE TABLE quote_body (
    quote TEXT PRIMARY KEY REFERENCES quote (id),
    -- What was known and what came of it, as JSON. It never changes, but for an erasure.
    body TEXT NOT NULL
) {{clustered}};
INSERT INTO quote_body (quote, body) SELECT id, body FROM quote;
ALTER TABLE quote DROP COLUMN body;
