-- Customers who were erased, each with its act, by which a restore erases them again. Nothing says who they were.
CREATE TABLE erasure (
    number {{row_id}},
    -- Hash of the id.
    customer_sha256 TEXT NOT NULL,
    -- What was destroyed, by whom, as JSON.
    act TEXT NOT NULL,
    at BIGINT NOT NULL
);
