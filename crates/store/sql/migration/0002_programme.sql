-- Answers to writes that were asked for with a key, so that repeating one changes nothing.
CREATE TABLE request (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    -- Hash of what was asked.
    body_sha256 TEXT NOT NULL,
    answer TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (caller, key)
) {{clustered}};

-- Who did what, when and where. Rows never change.
CREATE TABLE audit (
    id {{row_id}},
    -- As in change.
    writer BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    role TEXT NOT NULL,
    door TEXT NOT NULL,
    action TEXT NOT NULL,
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    shop TEXT,
    till TEXT,
    request TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_by_object ON audit (kind, object, id);
CREATE INDEX audit_by_writer ON audit (writer, id);

-- What is added to PostgreSQL's numbers of transactions to have a writer: more than any writer stored,
-- where the rows were brought from another server, whose numbers were higher.
CREATE TABLE writer_base (
    base BIGINT NOT NULL
);
INSERT INTO writer_base (base) VALUES (0);

-- The audit's rows in their final sequence, each with the hash of its content and of the one before.
CREATE TABLE seal (
    position BIGINT PRIMARY KEY,
    -- Which row of the audit: its writer and its id.
    writer BIGINT NOT NULL,
    audit BIGINT NOT NULL UNIQUE,
    -- How a row is written as bytes for the hash.
    version BIGINT NOT NULL,
    sha256 TEXT NOT NULL
);
-- Signed hashes of the newest position at a moment.
CREATE TABLE seal_head (
    position BIGINT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    signed_by TEXT NOT NULL,
    signature TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE TABLE network (
    id TEXT PRIMARY KEY,
    name_en TEXT NOT NULL,
    name_ru TEXT NOT NULL,
    -- How its card numbers are guarded: ean13, luhn, plain.
    scheme TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE TABLE shop (
    id TEXT PRIMARY KEY,
    network TEXT NOT NULL REFERENCES network (id),
    name_en TEXT NOT NULL,
    name_ru TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    closed BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX shop_by_network ON shop (network, id);
CREATE TABLE till (
    shop TEXT NOT NULL REFERENCES shop (id),
    id TEXT NOT NULL,
    closed BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (shop, id)
);

-- Rules as data: of each kind and scope the newest version counts. Kinds: accrual, levels, card_policy,
-- limits. The scope is a network's id, or empty for the programme.
CREATE TABLE ruleset (
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    published_by TEXT NOT NULL,
    PRIMARY KEY (kind, scope, version)
);

CREATE TABLE number_range (
    id TEXT PRIMARY KEY,
    network TEXT NOT NULL REFERENCES network (id),
    card_kind TEXT NOT NULL,
    -- The range as membership writes it.
    body TEXT NOT NULL,
    -- 32 bytes in hexadecimal digits by which numbers of virtual cards are scattered over the range.
    scatter_key TEXT NOT NULL,
    next_index BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE TABLE print_batch (
    id TEXT PRIMARY KEY,
    number_range TEXT NOT NULL REFERENCES number_range (id),
    from_index BIGINT NOT NULL,
    cards BIGINT NOT NULL,
    shop TEXT REFERENCES shop (id),
    created_at BIGINT NOT NULL
);
CREATE TABLE wallet (
    id TEXT PRIMARY KEY,
    network TEXT NOT NULL REFERENCES network (id),
    customer TEXT,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
) {{clustered}};
CREATE INDEX wallet_by_customer ON wallet (customer) WHERE customer IS NOT NULL;
CREATE TABLE card (
    number TEXT PRIMARY KEY,
    network TEXT NOT NULL REFERENCES network (id),
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Opened when the card is issued, or first earns.
    wallet TEXT REFERENCES wallet (id),
    customer TEXT,
    print_batch TEXT REFERENCES print_batch (id),
    shop TEXT REFERENCES shop (id),
    reason TEXT,
    replaced_by TEXT,
    -- Last day it is good, days since 1970-01-01.
    expires_on BIGINT,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL
) {{clustered}};
CREATE INDEX card_by_wallet ON card (wallet, number) WHERE wallet IS NOT NULL;
CREATE INDEX card_by_customer ON card (customer) WHERE customer IS NOT NULL;
CREATE INDEX card_by_batch ON card (print_batch, number) WHERE print_batch IS NOT NULL;
CREATE TABLE card_event (
    id {{row_id}},
    card TEXT NOT NULL REFERENCES card (number),
    operation TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    reason TEXT,
    other_card TEXT,
    actor TEXT NOT NULL,
    role TEXT NOT NULL,
    door TEXT NOT NULL,
    shop TEXT,
    till TEXT,
    request TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX card_event_by_card ON card_event (card, id);

-- What wallets began with, brought from the programme before this one: by the old name of an account, and lot
-- by lot with the chain that posted it. An amount below nothing is owed.
CREATE TABLE opening_account (
    account TEXT PRIMARY KEY,
    wallet TEXT NOT NULL REFERENCES wallet (id)
) {{clustered}};
CREATE TABLE opening_balance (
    chain TEXT PRIMARY KEY,
    wallet TEXT NOT NULL REFERENCES wallet (id),
    unit TEXT NOT NULL,
    amount BIGINT NOT NULL,
    -- As the old programme said; null is at once, and never.
    activates_at BIGINT,
    expires_at BIGINT
) {{clustered}};
CREATE INDEX opening_balance_by_wallet ON opening_balance (wallet, chain);

-- What a wallet bought, by network and business day: what levels are measured by.
CREATE TABLE wallet_day (
    wallet TEXT NOT NULL REFERENCES wallet (id),
    network TEXT NOT NULL,
    day BIGINT NOT NULL,
    net BIGINT NOT NULL,
    receipts BIGINT NOT NULL,
    points BIGINT NOT NULL,
    PRIMARY KEY (wallet, network, day)
) {{clustered}};
-- The level a wallet has, of a network's table or (empty scope) of the programme's.
CREATE TABLE wallet_level (
    wallet TEXT NOT NULL REFERENCES wallet (id),
    scope TEXT NOT NULL,
    level TEXT NOT NULL,
    since BIGINT NOT NULL,
    review_on BIGINT,
    granted_until BIGINT,
    granted_by TEXT,
    PRIMARY KEY (wallet, scope)
) {{clustered}};
CREATE INDEX wallet_level_review ON wallet_level (review_on) WHERE review_on IS NOT NULL;

-- Every receipt that came on-line, by the hash of its identity, with what it brought.
CREATE TABLE receipt (
    id TEXT PRIMARY KEY,
    network TEXT NOT NULL,
    shop TEXT NOT NULL,
    till TEXT NOT NULL,
    number TEXT NOT NULL,
    content_sha256 TEXT NOT NULL,
    version BIGINT NOT NULL,
    card TEXT,
    -- Whose points it moves.
    wallet TEXT,
    customer TEXT,
    -- Of a return, the id of the receipt whose goods came back, known here or not.
    original TEXT,
    net BIGINT NOT NULL,
    points BIGINT NOT NULL,
    -- What was bought or came back, line by line, each with its points, as JSON.
    points_by_line TEXT NOT NULL,
    -- What its sender was answered, as JSON.
    answer TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- The shop's business day, days since 1970-01-01.
    day BIGINT NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE INDEX receipt_by_wallet ON receipt (wallet, at) WHERE wallet IS NOT NULL;
CREATE INDEX receipt_by_original ON receipt (original, at, id) WHERE original IS NOT NULL;
-- The names of a receipt: hashes of the key it came under, or keys, and of its fiscal document.
CREATE TABLE receipt_name (
    name TEXT PRIMARY KEY,
    receipt TEXT NOT NULL REFERENCES receipt (id)
);
-- Receipts on their way to the lake.
CREATE TABLE journal (
    id {{row_id}},
    receipt TEXT NOT NULL,
    customer TEXT,
    -- Of a receipt that another customer had before, that one.
    customer_before TEXT,
    -- The batch that takes it to the lake, once there is one.
    batch BIGINT,
    body TEXT NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE INDEX journal_by_batch ON journal (batch, id);
CREATE INDEX journal_by_customer ON journal (customer, id) WHERE customer IS NOT NULL;
CREATE INDEX journal_by_customer_before ON journal (customer_before, id)
    WHERE customer_before IS NOT NULL;
-- Batches on their way to the lake, and the last that came there.
CREATE TABLE journal_batch (
    number BIGINT PRIMARY KEY,
    -- When its rows had come to the lake.
    moved_at BIGINT
);

CREATE TABLE staff (
    id TEXT PRIMARY KEY,
    -- An Argon2 hash.
    password TEXT NOT NULL,
    role TEXT NOT NULL,
    -- Through which door he comes when he signs in.
    door TEXT NOT NULL,
    -- Networks, shops and partner that he is bound to, as JSON; empty lists bind to none.
    bounds TEXT NOT NULL,
    totp_secret TEXT,
    -- One that he has not yet shown a code of.
    totp_pending TEXT,
    totp_last_step BIGINT,
    failures BIGINT NOT NULL,
    locked_until BIGINT,
    disabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE TABLE session (
    token_sha256 TEXT PRIMARY KEY,
    staff TEXT NOT NULL REFERENCES staff (id),
    csrf_sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_by_staff ON session (staff);
CREATE TABLE api_key (
    id TEXT PRIMARY KEY,
    live BOOLEAN NOT NULL,
    name TEXT NOT NULL,
    secret_sha256 TEXT NOT NULL,
    -- While a key is rotated both secrets are good.
    former_secret_sha256 TEXT,
    former_until BIGINT,
    role TEXT NOT NULL,
    door TEXT NOT NULL,
    scopes TEXT NOT NULL,
    bounds TEXT NOT NULL,
    till TEXT,
    expires_at BIGINT,
    used_at BIGINT,
    revoked BOOLEAN NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
-- Whoever keeps keys in memory looks for these every second, among very many of other kinds.
CREATE INDEX change_of_keys ON change (writer, id) WHERE kind = 'api_key';
CREATE TABLE invitation_link (
    token_sha256 TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

-- How much a card, till or operator did on a day, and what was above a limit.
CREATE TABLE activity (
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    day BIGINT NOT NULL,
    times BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (kind, object, day)
);
CREATE TABLE activity_flag (
    id {{row_id}},
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    network TEXT,
    shop TEXT,
    day BIGINT NOT NULL,
    -- Which limit, times or amount, and how high it was.
    what TEXT NOT NULL,
    bound BIGINT NOT NULL,
    held BOOLEAN NOT NULL,
    at BIGINT NOT NULL,
    closed_at BIGINT,
    closed_by TEXT
);
CREATE INDEX activity_flag_open ON activity_flag (id) WHERE closed_at IS NULL;

CREATE TABLE webhook (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    -- While a secret is rotated messages are signed with both.
    former_secret TEXT,
    former_until BIGINT,
    -- Kinds of events, as a JSON list.
    events TEXT NOT NULL,
    disabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
-- Messages promised and not yet sent.
CREATE TABLE outbox (
    id {{row_id}},
    webhook TEXT NOT NULL,
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    -- It is tried until then.
    try_until BIGINT NOT NULL,
    -- When it was given up; the row stays until somebody decides about it.
    given_up_at BIGINT
);
CREATE INDEX outbox_due ON outbox (webhook, due_at, id) WHERE given_up_at IS NULL;
CREATE INDEX outbox_given_up ON outbox (webhook, id) WHERE given_up_at IS NOT NULL;
