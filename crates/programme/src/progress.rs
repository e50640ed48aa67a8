//! How long work tells how far it is.

/// Whoever watches long work. Calls come from the working thread and must be quick.
pub trait Progress {
    /// A stage begins: what is done now, and how much of it there is, if known. Stages of
    /// [`STAGES`] bear these names, whatever the language of whoever reads them.
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

/// Names of the stages of portraits, refreshes and evaluations.
pub const STAGES: [&str; 7] =
    [OPENING, TALLYING, READING, EVALUATING, PORTRAITS, PORTRAITS_AND_OFFERS, FINISHING];
