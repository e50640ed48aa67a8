//! How long work tells how far it is.

/// Whoever watches long work. Calls come from the working thread and must be quick.
pub trait Progress {
    /// A stage begins: what is done now, and how much of it there is, if known.
    fn stage(&self, name: &str, total: Option<u64>);
    /// So much of the stage is done.
    fn done(&self, amount: u64);
}
