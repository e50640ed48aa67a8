//! How long work tells how far it is.

/// Whoever watches long work. Calls come from the working thread and must be quick.
pub trait Progress {
    /// A stage begins: what is done now, and how much of it there is, if known. Names
    /// begin as in [`STAGES`], whatever the language of whoever reads them.
    fn stage(&self, name: &str, total: Option<u64>);
    /// So much of the stage is done.
    fn done(&self, amount: u64);
}

pub(crate) const OPENING: &str = "opening the lake";
pub(crate) const TALLYING: &str = "reading and tallying";
pub(crate) const READING: &str = "reading purchases";
pub(crate) const EVALUATING: &str = "evaluating models";
pub(crate) const PORTRAITS: &str = "reading and making portraits";
pub(crate) const PORTRAITS_AND_OFFERS: &str = "making portraits and forming offers";
pub(crate) const FINISHING: &str = "finishing the snapshot";

// These go on with what is looked at, read, fetched or written.
pub(crate) const LOOKING: &str = "looking at";
pub(crate) const READING_FEED: &str = "reading";
pub(crate) const FETCHING: &str = "fetching files:";
pub(crate) const WRITING_FEED: &str = "writing";
pub(crate) const GOING_THROUGH: &str = "going through the days of";
pub(crate) const WRITING_LAKE: &str = "writing the lake";
pub(crate) const WRITING_BOOKS: &str = "writing cards and balances";
pub(crate) const LOOKING_OVER: &str = "looking over cards and balances";
pub(crate) const ACCRUING: &str = "accruing points of receipts";
pub(crate) const SIMULATING: &str = "pricing past receipts";
pub(crate) const SEALING_PERSONS: &str = "sealing keys of persons";
pub(crate) const INDEXING_PERSONS: &str = "indexing persons";
pub(crate) const LEAVING_INDEX: &str = "emptying the former index";
pub(crate) const COMPACTING: &str = "compacting the lake";

/// How the names of stages begin. Some go on with a file or a number; of several that fit, the longest
/// is the stage.
pub const STAGES: [&str; 21] = [
    OPENING,
    TALLYING,
    READING,
    EVALUATING,
    PORTRAITS,
    PORTRAITS_AND_OFFERS,
    FINISHING,
    LOOKING,
    READING_FEED,
    FETCHING,
    WRITING_FEED,
    GOING_THROUGH,
    WRITING_LAKE,
    WRITING_BOOKS,
    LOOKING_OVER,
    ACCRUING,
    COMPACTING,
    SIMULATING,
    SEALING_PERSONS,
    INDEXING_PERSONS,
    LEAVING_INDEX,
];
