-- Customers whom the programme registered. Nothing here says who somebody is.
CREATE TABLE customer (
    id TEXT PRIMARY KEY,
    -- Where he was registered.
    network TEXT NOT NULL REFERENCES network (id),
    registered_at BIGINT NOT NULL,
    version BIGINT NOT NULL
) {{clustered}};

-- The key of each person, sealed by a programme key, which is in no database. Who is erased loses it.
CREATE TABLE person_key (
    customer TEXT PRIMARY KEY REFERENCES customer (id),
    -- Which programme key.
    programme_key TEXT NOT NULL,
    sealed TEXT NOT NULL
) {{clustered}};
-- What a person answered, sealed by his key.
CREATE TABLE person (
    customer TEXT PRIMARY KEY REFERENCES customer (id),
    sealed TEXT NOT NULL,
    -- The newest key under which the index finds him.
    index_key BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
-- Each change of his answers with what stood there before and after, sealed by his key.
CREATE TABLE person_change (
    id {{row_id}},
    customer TEXT NOT NULL REFERENCES customer (id),
    sealed TEXT NOT NULL,
    actor TEXT NOT NULL,
    role TEXT NOT NULL,
    door TEXT NOT NULL,
    shop TEXT,
    till TEXT,
    request TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX person_change_by_customer ON person_change (customer, id);

-- Keys of the blind index, sealed by a programme key, each with a higher number than those before it. One
-- is looked up by; another is there while the index is made anew.
CREATE TABLE index_key (
    number BIGINT PRIMARY KEY,
    programme_key TEXT NOT NULL,
    sealed TEXT NOT NULL,
    in_use BOOLEAN NOT NULL
);
-- By whom a phone, an e-mail or a word of a name was answered, as keyed hashes.
CREATE TABLE person_index (
    index_key BIGINT NOT NULL REFERENCES index_key (number),
    hash TEXT NOT NULL,
    customer TEXT NOT NULL REFERENCES customer (id),
    -- Whether nobody else may answer the same.
    his_alone BOOLEAN NOT NULL,
    PRIMARY KEY (index_key, hash, customer)
) {{clustered}};
CREATE UNIQUE INDEX person_index_of_one ON person_index (index_key, hash) WHERE his_alone;
CREATE INDEX person_index_by_customer ON person_index (customer);
-- One row, which whoever writes to the index shares and whoever changes its keys has alone.
CREATE TABLE index_turn (
    turn BIGINT NOT NULL
);
INSERT INTO index_turn (turn) VALUES (0);
