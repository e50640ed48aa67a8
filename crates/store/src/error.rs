//! What can go wrong with a database, and whose fault it is.

/// A database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Rows contradict each other: a key that exists already, a reference to nothing.
    #[error("statement {statement} contradicts what is stored: {what}")]
    Constraint {
        /// Which statement.
        statement: &'static str,
        /// What the database says of it.
        what: String,
    },
    /// A statement's parameter was not given: a fault of the program.
    #[error("statement {statement} has no value for ${parameter}")]
    Parameter {
        /// Which statement.
        statement: &'static str,
        /// Its parameter.
        parameter: String,
    },
    /// A row is not as the program expects: a fault of the program, or of who changed the database.
    #[error("statement {statement}, column {column}: {wanted} was expected, {found} was found")]
    Row {
        /// Which statement.
        statement: &'static str,
        /// Column, from 1.
        column: usize,
        /// What was expected.
        wanted: &'static str,
        /// What was found.
        found: &'static str,
    },
    /// What the vault holds was sealed by a programme key that the caller does not have.
    #[error("the vault's key {id} is not at hand: bring its line back into the key file")]
    KeyMissing {
        /// The key's name.
        id: String,
    },
    /// What the vault holds cannot be opened.
    #[error("statement {statement}: what the vault holds cannot be opened: {why}")]
    Sealed {
        /// Which statement.
        statement: &'static str,
        /// What is wrong.
        why: String,
    },
    /// No room is left on the disk.
    #[error("no room is left where the database is; nothing was changed")]
    Full,
    /// So many wait already, or another process holds the database, that this one is turned away.
    #[error("the database is busy; try again in {retry_after_ms} ms")]
    Busy {
        /// When it is worth trying again.
        retry_after_ms: u64,
    },
    /// It took longer than anybody may.
    #[error("the statement took too long and was stopped")]
    Slow,
    /// The commit's answer was lost: it may be there or not.
    #[error("it is unknown whether this was stored: repeat it with the same key")]
    Unknown,
    /// The database cannot be reached.
    #[error("the database cannot be reached: {why}")]
    Gone {
        /// What was said.
        why: String,
    },
    /// The program itself gave up in the middle; nothing of it was stored.
    #[error("the program failed in the middle of a write; nothing of it was stored")]
    Panicked,
    /// The database is of a newer version than this program knows, or was made by other migrations.
    #[error("{why}")]
    Version {
        /// What does not fit.
        why: String,
    },
    /// The database is not set up as it must be.
    #[error("the database is not set up as it must be: {why}")]
    Setting {
        /// What must be changed.
        why: String,
    },
    /// Anything else the database says.
    #[error("statement {statement} failed: {why}")]
    Failed {
        /// Which statement.
        statement: &'static str,
        /// What was said.
        why: String,
    },
}

impl DbError {
    /// Whether the caller did nothing wrong and may simply try again.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Slow | Self::Unknown | Self::Gone { .. })
    }
}
