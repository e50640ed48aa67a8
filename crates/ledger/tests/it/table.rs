//! The rules of the ledger as scenarios; the language is described in `scenario.rs`.

use std::collections::BTreeSet;

use crate::scenario::check;

/// Accounts that most scenarios use.
const PROGRAMME: &str = "
    open issued POINT free
    open burned POINT
    open breakage POINT
    open wallet POINT lots
    open family POINT lots
    open cash POINT overdraft 30
    open roubles RUB free
";

/// Every code that a refusal may have.
const CODES: [&str; 23] = [
    "account_closed",
    "account_terms",
    "account_unknown",
    "amount_not_positive",
    "chain_empty",
    "chain_long",
    "differs",
    "hold_amount",
    "hold_expired",
    "hold_resolved",
    "hold_unknown",
    "holds_pending",
    "insufficient",
    "lot_terms",
    "lot_unknown",
    "not_due",
    "not_reversible",
    "overflow",
    "record_mismatch",
    "reverse_too_much",
    "same_account",
    "transfer_unknown",
    "unit_mismatch",
];

const SCENARIOS: &[(&str, &str)] = &[
    (
        "an account keeps its bound",
        "
        a1: post issued -> cash 100 => done
        a2: post cash -> burned 130 => done
        balance cash => -30
        a3: post cash -> burned 1 => insufficient
        a4: post issued -> cash 1 + post cash -> burned 1 => done
        balance cash => -30
        balance burned => 131
        balance issued => -101
        open bad POINT overdraft -1 => account_terms
        open bad POINT free lots => account_terms
        open cash POINT overdraft 99 => known
        a5: post cash -> burned 1 => insufficient
        ",
    ),
    (
        "what a transfer must be",
        "
        a1: post issued -> wallet 0 => amount_not_positive
        a1: post issued -> wallet -5 => amount_not_positive
        a1: post wallet -> wallet 5 => same_account
        a1: post issued -> nobody 5 => account_unknown
        a1: post nobody -> wallet 5 => account_unknown
        a1: post issued -> roubles 5 => unit_mismatch
        a1: post issued -> wallet 5 unit RUB => unit_mismatch
        a1: nothing => chain_empty
        a1: post issued -> wallet 5 times 65 => chain_long
        a1: post issued -> wallet 5 times 64 => done       # the refused keys were not used up
        balance wallet => 320
        ",
    ),
    (
        "counters do not overflow",
        "
        a1: post issued -> cash max => done
        a2: post issued -> cash 1 => overflow
        a3: post cash -> burned max => done
        h1: hold issued -> breakage max until 9 => done
        h2: hold issued -> breakage 1 until 9 => overflow
        ",
    ),
    (
        "a key is used once",
        "
        a1: post issued -> wallet 10 expires 50 + hold issued -> cash 5 until 9 => done
        @3
        a1: post issued -> wallet 10 expires 50 + hold issued -> cash 5 until 9 => known
        balance wallet => 10
        a1: post issued -> wallet 10 expires 50 => differs /transfers
        a1: post issued -> wallet 10 expires 50 + hold issued -> cash 6 until 9 => differs /transfers/1/amount
        a1: post issued -> wallet 10 expires 50 + hold issued -> cash 5 until 8 => differs /transfers/1/action/expires_at
        a1: post issued -> wallet 10 expires 50 + post issued -> cash 5 => differs /transfers/1/action/kind
        a1: post issued -> wallet 10 expires 51 + hold issued -> cash 5 until 9 => differs /transfers/0/opens/expires_at
        a1: post issued -> wallet 10 active 1 expires 50 + hold issued -> cash 5 until 9 => differs /transfers/0/opens/activates_at
        a1: post issued -> wallet 10 + hold issued -> cash 5 until 9 => differs /transfers/0/opens
        a1: post issued -> nobody 10 expires 50 + hold issued -> cash 5 until 9 => differs /transfers/0/credit
        a1: post cash -> wallet 10 expires 50 + hold issued -> cash 5 until 9 => differs /transfers/0/debit
        a1: post issued -> wallet 10 unit RUB expires 50 + hold issued -> cash 5 until 9 => differs /transfers/0/unit
        a1: post issued -> wallet 10 expires 50 because gift + hold issued -> cash 5 until 9 => differs /transfers/0/cause/kind
        p1: post-hold a1/1 5 => done
        p1: post-hold a1/0 5 => differs /transfers/0/action/hold
        p1: post-hold a1/1 5 debit issued => differs /transfers/0/debit  # compared is what the caller wrote
        r1: reverse p1 1 => done
        r1: reverse p1 2 => differs /transfers/0/amount
        r1: reverse a1 1 => differs /transfers/0/action/of
        @60
        e1: expire-lot a1 -> breakage => done
        e1: expire-lot p1 -> breakage => differs /transfers/0/action/lot
        e1: expire-lot a1 -> breakage => known
        ",
    ),
    (
        "all of a chain or nothing",
        "
        a1: post issued -> wallet 10 + post wallet -> burned 11 => insufficient at 1
        balance wallet => 0
        balance issued => 0
        a1: post issued -> wallet 10 + post wallet -> burned 10 => done
        uses a1/1 => a1 10
        lots wallet => none
        ",
    ),
    (
        "a hold is decided once",
        "
        a1: post issued -> cash 100 => done
        h1: hold cash -> burned 60 until 20 => done
        balance cash => 100 held 60
        balance burned => 0 coming 60
        h2: hold cash -> burned 71 until 20 => insufficient   # 40 and the overdraft of 30
        h2: hold cash -> burned 70 until 20 => done
        b1: post burned -> cash 1 => insufficient             # what is coming cannot be spent
        p1: post-hold h1 61 => hold_amount
        p1: post-hold h1 0 => amount_not_positive
        p1: post-hold h9 1 => hold_unknown
        p1: post-hold a1 1 => hold_unknown
        p1: post-hold h1 25 => done
        hold h1 => posted 25
        balance cash => 75 held 70
        balance burned => 25 coming 70
        p2: post-hold h1 1 => hold_resolved
        v1: void h1 => hold_resolved
        x1: expire h1 => hold_resolved
        v1: void h2 => done
        v1: void h2 => known
        v2: void h2 => hold_resolved
        hold h2 => voided
        balance cash => 75
        balance burned => 25
        ",
    ),
    (
        "a hold's time",
        "
        a1: post issued -> wallet 100 => done
        @10
        h0: hold wallet -> burned 10 until 10 => hold_expired
        h1: hold wallet -> burned 10 until 20 => done
        h2: hold wallet -> burned 20 until 20 => done
        h3: hold wallet -> burned 30 until 20 => done
        @19
        x1: expire h1 => not_due
        p3: post-hold h3 30 => done
        @20
        p1: post-hold h1 10 => hold_expired
        x1: expire h1 => done
        hold h1 => expired
        v2: void h2 => done
        lots wallet => a1 70
        ",
    ),
    (
        "in one chain a hold is made and decided, a transfer made and taken back",
        "
        a1: post issued -> wallet 40 expires 50 => done
        c1: hold wallet -> burned 30 until 9 + post-hold c1/0 20 + reverse c1/1 5 => done
        balance wallet => 25
        lots wallet => a1 25
        uses c1 => a1 30
        uses c1/1 => a1 20 restored 5
        c2: hold wallet -> burned 30 until 9 + void c2/0 => insufficient
        c2: hold wallet -> burned 25 until 9 + void c2/0 => done
        c3: void c3/1 + hold wallet -> burned 5 until 9 => hold_unknown
        c4: post issued -> wallet 7 + reverse c4/0 7 + reverse c4/0 1 => reverse_too_much at 2
        c5: post issued -> wallet 7 + reverse c5/0 7 => done
        lots wallet => a1 25
        ",
    ),
    (
        "lots are spent earliest expiry first",
        "
        a1: post issued -> wallet 10 => done
        a2: post issued -> wallet 10 expires 50 => done
        a3: post issued -> wallet 10 expires 40 => done
        a4: post issued -> wallet 10 active 5 expires 30 => done
        lots wallet => a4 10, a3 10, a2 10, a1 10
        s1: post wallet -> burned 31 => insufficient       # the fourth is not active
        s1: post wallet -> burned 15 => done
        uses s1 => a3 10, a2 5
        @5
        s2: post wallet -> burned 10 => done
        uses s2 => a4 10
        @50
        s3: post wallet -> burned 11 => insufficient       # the second has expired
        s3: post wallet -> burned 10 => done
        uses s3 => a1 10
        balance wallet => 5
        lots wallet => a2 5
        ",
    ),
    (
        "terms of a lot",
        "
        @10
        a1: post issued -> wallet 5 active 20 expires 20 => lot_terms
        a1: post issued -> wallet 5 active 2 expires 10 => lot_terms
        a1: post issued -> cash 5 active 20 => lot_terms      # it keeps no lots
        a1: post issued -> wallet 5 active 2 expires 11 => done
        a2: post issued -> wallet 5 => done
        terms a1 => 2..11
        terms a2 => 10..
        h1: hold issued -> wallet 5 until 30 active 40 expires 40 => lot_terms
        h1: hold issued -> wallet 5 until 30 active 40 expires 60 => done
        balance wallet => 10 coming 5
        @20
        p1: post-hold h1 4 active 50 => lot_terms             # they stand in the hold
        p1: post-hold h1 4 => done
        terms p1 => 40..60
        h2: hold issued -> wallet 5 until 30 => done
        @25
        p2: post-hold h2 5 => done
        terms p2 => 25..
        r1: reverse a2 1 active 50 => lot_terms
        f1: post wallet -> family 5 expires 90 => lot_terms   # lots carry theirs along
        ",
    ),
    (
        "a hold reserves lots, and what it reserved is honoured",
        "
        a1: post issued -> wallet 10 expires 20 => done
        a2: post issued -> wallet 10 expires 40 => done
        h1: hold wallet -> burned 15 until 30 => done
        lots wallet => a1 10 held 10, a2 10 held 5
        uses h1 => a1 10, a2 5
        s1: post wallet -> burned 6 => insufficient
        s1: post wallet -> burned 5 => done
        uses s1 => a2 5
        @25
        e1: expire-lot a1 -> breakage => amount_not_positive   # all of it is held
        p1: post-hold h1 12 => done                            # the first lot expired meanwhile
        uses p1 => a1 10, a2 2
        lots wallet => a2 3
        ",
    ),
    (
        "an expired lot goes into breakage, but for what is held",
        "
        a1: post issued -> wallet 10 expires 20 => done
        a2: post issued -> wallet 10 => done
        h1: hold wallet -> burned 4 until 30 => done
        e1: expire-lot a1 -> breakage => not_due
        e1: expire-lot a2 -> breakage => not_due
        e1: expire-lot a9 -> breakage => lot_unknown
        @20
        e1: expire-lot a1 -> nowhere => account_unknown
        e1: expire-lot a1 -> breakage debit family => record_mismatch
        e1: expire-lot a1 -> breakage amount 10 => record_mismatch
        e1: expire-lot a1 -> breakage amount 6 unit POINT debit wallet => done
        uses e1 => a1 6
        balance breakage => 6
        e2: expire-lot a1 -> breakage => amount_not_positive
        v1: void h1 => done
        e2: expire-lot a1 -> breakage => done
        balance breakage => 10
        lots wallet => a2 10
        r1: reverse e2 4 => not_reversible
        ",
    ),
    (
        "a return restores the very lots, last consumed first",
        "
        a1: post issued -> wallet 10 expires 20 => done
        a2: post issued -> wallet 10 expires 40 => done
        s1: post wallet -> burned 15 => done
        @30
        r1: reverse s1 7 => done
        uses s1 => a1 10 restored 2, a2 5 restored 5
        lots wallet => a1 2, a2 10
        r2: reverse s1 9 => reverse_too_much
        r2: reverse s1 8 => done
        lots wallet => a1 10, a2 10
        r3: reverse s1 1 => reverse_too_much
        r3: reverse r1 1 => not_reversible
        r3: reverse s9 1 => transfer_unknown
        r3: reverse s1 0 => amount_not_positive
        e1: expire-lot a1 -> breakage => done                  # restored after its time
        ",
    ),
    (
        "an accrual is taken back from its own lot, then from what is spendable",
        "
        a1: post issued -> wallet 10 active 50 expires 90 => done
        a2: post issued -> wallet 10 expires 40 => done
        a3: post issued -> wallet 10 expires 30 => done
        r1: reverse a1 4 => done
        lots wallet => a3 10, a2 10, a1 6
        @50
        s1: post wallet -> burned 6 => done
        @20
        r2: reverse a1 6 => done
        uses r2 => a3 6
        lots wallet => a3 4, a2 10
        h1: hold wallet -> burned 12 until 60 => done
        r3: reverse a2 3 => insufficient                       # the rest is held
        r3: reverse a2 2 => done
        lots wallet => a3 4 held 4, a2 8 held 8
        @35
        v1: void h1 => done
        r4: reverse a3 4 => done                               # its own lot, though expired
        lots wallet => a2 8
        ",
    ),
    (
        "an accrual that is spent cannot be taken back, but as far as the overdraft goes",
        "
        a1: post issued -> wallet 10 => done
        s1: post wallet -> burned 8 => done
        r1: reverse a1 3 => insufficient
        r1: reverse a1 2 => done
        a2: post issued -> cash 40 => done
        s2: post cash -> burned 40 => done
        r2: reverse a2 31 => insufficient
        r2: reverse a2 30 => done
        balance cash => -30
        r3: reverse a2 10 => insufficient
        ",
    ),
    (
        "only posted transfers can be reversed",
        "
        a1: post issued -> wallet 20 => done
        h1: hold wallet -> burned 10 until 60 => done
        r1: reverse h1 10 => not_reversible
        p1: post-hold h1 6 => done
        r1: reverse p1 7 => reverse_too_much
        r1: reverse p1 6 debit wallet => record_mismatch       # it leaves where the other entered
        r1: reverse p1 6 debit burned credit wallet unit POINT => done
        h2: hold wallet -> burned 10 until 60 => done
        v2: void h2 => done
        r2: reverse v2 1 => not_reversible
        lots wallet => a1 20
        ",
    ),
    (
        "lots are carried from wallet to wallet",
        "
        a1: post issued -> wallet 10 expires 20 => done
        a2: post issued -> wallet 10 active 0 expires 40 => done
        f1: post wallet -> family 15 => done
        lots wallet => a2 5
        lots family => f1/0.0 10, f1/0.1 5
        terms f1/0.0 => 0..20
        terms f1/0.1 => 0..40
        f2: post wallet -> family 5 => done
        lots family => f1/0.0 10, f1/0.1 5, f2 5
        r1: reverse f1 7 => done                               # the earliest of family, the latest of wallet
        lots family => f1/0.0 3, f1/0.1 5, f2 5
        lots wallet => a1 2, a2 5
        h1: hold family -> wallet 6 until 9 => done
        p1: post-hold h1 5 => done
        lots family => f1/0.1 3, f2 5
        lots wallet => a1 2, p1/0.0 3, a2 5, p1/0.1 2
        ",
    ),
    (
        "a chain's key may look like another's transfer",
        "
        a1: post issued -> wallet 10 expires 20 => done
        a2: post issued -> wallet 10 expires 40 => done
        c: post wallet -> family 15 => done
        c/0: post issued -> family 1 + post issued -> family 1 => done
        lots family => c/0.0 10, c/0.1 5, c/0 1, c/0/1 1
        ",
    ),
    (
        "a record's own accounts count",
        "
        a1: post issued -> cash 10 => done
        h1: hold cash -> burned 10 until 9 => done
        p1: post-hold h1 10 debit wallet => record_mismatch
        p1: post-hold h1 10 credit wallet => record_mismatch
        p1: post-hold h1 10 unit RUB => record_mismatch
        v1: void h1 amount 9 => record_mismatch
        v1: void h1 amount 10 debit cash credit burned unit POINT => done
        ",
    ),
    (
        "a closed account takes no part",
        "
        a1: post issued -> cash 10 => done
        a2: post issued -> wallet 10 expires 20 => done
        s1: post cash -> burned 5 => done
        h1: hold cash -> burned 5 until 9 => done
        close cash => holds_pending
        close burned => holds_pending
        close nobody => account_unknown
        v1: void h1 => done
        close cash => done
        close cash => done
        a3: post issued -> cash 1 => account_closed
        a3: post cash -> burned 1 => account_closed
        a3: hold cash -> burned 1 until 9 => account_closed
        r1: reverse s1 5 => account_closed
        close wallet => done
        @20
        e1: expire-lot a2 -> breakage => account_closed
        a1: post issued -> cash 10 => known
        ",
    ),
    (
        "two tills redeem from one wallet",
        "
        a1: post issued -> wallet 100 => done
        t1: hold wallet -> burned 80 until 20 => done
        t2: hold wallet -> burned 80 until 20 => insufficient
        t2: hold wallet -> burned 20 until 20 => done
        p1: post-hold t1 80 => done
        p1: post-hold t1 80 => known                           # the answer was lost, the till repeats
        p2: post-hold t2 20 => done
        balance wallet => 0
        ",
    ),
    (
        "a coupon of two uses is used twice, whoever asks",
        "
        open coupon USE
        open used USE
        open granted USE free
        a1: post granted -> coupon 2 unit USE => done
        t1: hold coupon -> used 1 until 20 unit USE => done
        t2: hold coupon -> used 1 until 20 unit USE => done
        t3: hold coupon -> used 1 until 20 unit USE => insufficient
        v1: void t1 => done
        t3: hold coupon -> used 1 until 20 unit USE => done
        c2: post-hold t2 1 + post-hold t3 1 => done
        t4: hold coupon -> used 1 until 20 unit USE => insufficient
        balance used => 2
        ",
    ),
    (
        "the clock may go back",
        "
        @50
        a1: post issued -> wallet 10 => done
        h1: hold wallet -> burned 4 until 60 => done
        @40
        s1: post wallet -> burned 1 => insufficient            # not active by that till's clock
        p1: post-hold h1 4 => done                             # reserved already
        balance wallet => 6
        ",
    ),
];

#[test]
fn scenarios() {
    let mut codes = BTreeSet::new();
    for (name, text) in SCENARIOS {
        codes.extend(check(name, &format!("{PROGRAMME}{text}")));
    }
    assert!(codes.iter().eq(CODES), "refused were {codes:?}");
}
