-- What a customer agreed to, and took back, each with its proof. Rows never change.
CREATE TABLE consent (
    id {{row_id}},
    customer TEXT NOT NULL REFERENCES customer (id),
    -- To what: processing, advertising:email …, partners.
    purpose TEXT NOT NULL,
    given BOOLEAN NOT NULL,
    -- Which text he agreed to.
    text_version TEXT NOT NULL,
    -- The shop, if it was in one.
    place TEXT,
    -- Who took it down.
    operator TEXT NOT NULL,
    -- On paper, on the till's screen, by a code …
    means TEXT NOT NULL,
    request TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX consent_by_customer ON consent (customer, id);
