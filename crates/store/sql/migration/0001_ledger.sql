-- Double entry. Times are microseconds UTC, amounts whole numbers of the unit's smallest part.
CREATE TABLE account (
    id TEXT PRIMARY KEY,
    unit TEXT NOT NULL,
    -- How far below nothing it may go; null is as far as it likes.
    overdraft_max BIGINT,
    lots BOOLEAN NOT NULL,
    closed BOOLEAN NOT NULL,
    debits_pending BIGINT NOT NULL CHECK (debits_pending >= 0),
    debits_posted BIGINT NOT NULL CHECK (debits_posted >= 0),
    credits_pending BIGINT NOT NULL CHECK (credits_pending >= 0),
    credits_posted BIGINT NOT NULL CHECK (credits_posted >= 0)
) {{clustered}};

CREATE TABLE transfer (
    id TEXT PRIMARY KEY,
    chain TEXT NOT NULL,
    position BIGINT NOT NULL,
    at BIGINT NOT NULL,
    debit TEXT NOT NULL REFERENCES account (id),
    credit TEXT NOT NULL REFERENCES account (id),
    unit TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    -- The transfer that this one takes back, if it does.
    reverse_of TEXT REFERENCES transfer (id),
    -- The transfer as it was asked for.
    asked TEXT NOT NULL
) {{clustered}};
CREATE INDEX transfer_by_reversed ON transfer (reverse_of) WHERE reverse_of IS NOT NULL;

-- What moved in an account that keeps lots, so that its statement is read without looking for it.
CREATE TABLE entry (
    account TEXT NOT NULL REFERENCES account (id),
    at BIGINT NOT NULL,
    transfer TEXT NOT NULL REFERENCES transfer (id),
    PRIMARY KEY (account, at, transfer)
) {{clustered}};

CREATE TABLE hold (
    id TEXT PRIMARY KEY REFERENCES transfer (id),
    debit TEXT NOT NULL REFERENCES account (id),
    credit TEXT NOT NULL REFERENCES account (id),
    unit TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    expires_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    posted BIGINT NOT NULL CHECK (posted >= 0 AND posted <= amount),
    -- Terms of the lot that it opens when posted, as JSON.
    opens TEXT
) {{clustered}};
CREATE INDEX hold_pending ON hold (expires_at) WHERE state = 'pending';

-- Lots of one account lie together: that is how they are spent.
CREATE TABLE lot (
    account TEXT NOT NULL REFERENCES account (id),
    id TEXT NOT NULL UNIQUE,
    amount BIGINT NOT NULL CHECK (amount > 0),
    remaining BIGINT NOT NULL CHECK (remaining >= 0 AND remaining <= amount),
    held BIGINT NOT NULL CHECK (held >= 0 AND held <= remaining),
    activates_at BIGINT NOT NULL,
    expires_at BIGINT,
    source TEXT NOT NULL REFERENCES transfer (id),
    PRIMARY KEY (account, id)
) {{clustered}};
CREATE INDEX lot_by_source ON lot (source);

CREATE TABLE lot_use (
    transfer TEXT NOT NULL REFERENCES transfer (id),
    position BIGINT NOT NULL,
    lot TEXT NOT NULL REFERENCES lot (id),
    amount BIGINT NOT NULL CHECK (amount >= 0),
    restored BIGINT NOT NULL CHECK (restored >= 0 AND restored <= amount),
    PRIMARY KEY (transfer, position)
) {{clustered}};

-- What changed, in the sequence in which it became visible: caches and replicas follow it.
CREATE TABLE change (
    id {{row_id}},
    -- PostgreSQL's transaction, so that one that commits late is not passed over; 0 on SQLite.
    writer BIGINT NOT NULL,
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    at BIGINT NOT NULL
);
