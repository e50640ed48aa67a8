-- Rules of discounts in versions: written, looked over, published from a moment on, retired. The body of a
-- version that was published never changes.
CREATE TABLE discount_ruleset (
    version BIGINT PRIMARY KEY,
    -- draft, checked, published, retired. One that a later one has followed stays published here: the
    -- moment says what counts.
    state TEXT NOT NULL,
    -- Rises with each change of the row.
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    checked_at BIGINT,
    checked_by TEXT,
    -- From when on it counts.
    starts_at BIGINT,
    published_at BIGINT,
    published_by TEXT,
    -- When somebody ended it by hand.
    retired_at BIGINT,
    retired_by TEXT,
    -- The rules, as JSON.
    body TEXT NOT NULL
);
CREATE INDEX discount_ruleset_by_start ON discount_ruleset (starts_at, version)
    WHERE starts_at IS NOT NULL;

-- Coupons that rules name together.
CREATE TABLE coupon_series (
    id TEXT PRIMARY KEY,
    -- generic, unique, personal.
    kind TEXT NOT NULL,
    name_en TEXT NOT NULL,
    name_ru TEXT NOT NULL,
    -- Null is at once, and for ever.
    starts_at BIGINT,
    ends_at BIGINT,
    -- How often each code may be used, by all and by one customer; null is any number.
    uses_max BIGINT,
    customer_uses_max BIGINT,
    withdrawn_at BIGINT,
    withdrawn_by TEXT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE TABLE coupon (
    -- By which the ledger's account of its uses is named; tells nothing of its code.
    id TEXT PRIMARY KEY,
    series TEXT NOT NULL REFERENCES coupon_series (id),
    code_sha256 TEXT NOT NULL UNIQUE,
    -- Its last characters, for who asks about one.
    code_end TEXT NOT NULL,
    -- In full only where the code is no secret: of a public one, or one that is good for its customer alone.
    code TEXT,
    batch TEXT,
    customer TEXT,
    -- What its customer was promised of one product: a price, or a share off.
    product TEXT,
    price BIGINT,
    discount_bps BIGINT,
    -- Within the time of its series.
    starts_at BIGINT,
    ends_at BIGINT,
    withdrawn_at BIGINT,
    withdrawn_by TEXT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    version BIGINT NOT NULL
) {{clustered}};
CREATE INDEX coupon_by_series ON coupon (series, id);
CREATE INDEX coupon_by_batch ON coupon (series, batch, id) WHERE batch IS NOT NULL;
CREATE INDEX coupon_by_customer ON coupon (customer, id) WHERE customer IS NOT NULL;
