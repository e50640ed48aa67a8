-- What a quote says lies apart from what became of it: the one is long and never changes, the other is short
-- and does, and a row is written whole. Quotes from before keep theirs in quote.body; of others that is empty.
CREATE TABLE quote_body (
    quote TEXT PRIMARY KEY REFERENCES quote (id) ON DELETE CASCADE,
    -- What was known and what came of it, as JSON. It never changes, but for an erasure.
    body TEXT NOT NULL
);
