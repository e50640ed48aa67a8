-- Quotes that hold what they claim: what was priced by which rules, and what became of it. One that only
-- tells a price is not kept.
CREATE TABLE quote (
    -- Begins with the moment, so that new ones lie together.
    id TEXT PRIMARY KEY,
    -- held, confirmed, cancelled, expired.
    state TEXT NOT NULL,
    network TEXT NOT NULL,
    shop TEXT NOT NULL,
    till TEXT NOT NULL,
    card TEXT,
    customer TEXT,
    wallet TEXT,
    -- The rules by which it was priced; 0 is none at all.
    ruleset_version BIGINT NOT NULL,
    -- What was known and what came of it, as JSON. It never changes, but for an erasure.
    body TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    -- From this moment on it cannot be confirmed.
    expires_at BIGINT NOT NULL,
    -- The receipt that it became.
    receipt TEXT,
    -- What of it was taken, as JSON; null is all of it.
    taken TEXT
);
CREATE UNIQUE INDEX quote_by_receipt ON quote (receipt) WHERE receipt IS NOT NULL;
CREATE INDEX quote_by_customer ON quote (customer) WHERE customer IS NOT NULL;
-- What waits for its end, and what is forgotten some time after it.
CREATE INDEX quote_by_end ON quote (state, expires_at) WHERE state <> 'confirmed';
