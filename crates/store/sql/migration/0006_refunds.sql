-- What was given back for goods of a receipt whose prices are kept: beside the return's own receipt.
CREATE TABLE refund (
    -- The return's receipt.
    receipt TEXT PRIMARY KEY REFERENCES receipt (id),
    -- The receipt whose goods came back.
    original TEXT NOT NULL REFERENCES receipt (id),
    -- What came back and what was given back for it, as JSON.
    body TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX refund_by_original ON refund (original);
