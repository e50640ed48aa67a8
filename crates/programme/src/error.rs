//! Errors a caller can act on; anything else travels with its context.

use std::path::PathBuf;

/// What a person must do something about.
#[derive(Debug, thiserror::Error)]
pub enum ProgrammeError {
    /// There is no programme in the folder.
    #[error("{} holds no programme; make one with `proffer init`, or name another folder with --dir", folder.display())]
    Absent {
        /// Which folder.
        folder: PathBuf,
    },
    /// There is one already.
    #[error("{} already holds a programme", folder.display())]
    Exists {
        /// Which folder.
        folder: PathBuf,
    },
    /// Somebody else is changing it.
    #[error("another process is changing the programme in {}; wait until it is done and run this again", folder.display())]
    Busy {
        /// Which folder.
        folder: PathBuf,
    },
    /// Everybody is being tallied for somebody else.
    #[error(
        "everybody is being compared anew for another portrait: an import or an erasure came after the current snapshot; make a new one with `proffer refresh`"
    )]
    Tallying,
    /// No receipts of customers yet.
    #[error(
        "the lake holds no receipts of customers; import some with `proffer import MAPPING.toml`, and map `customer` or `card`"
    )]
    Empty,
    /// No snapshot yet.
    #[error("there is no snapshot; make one with `proffer refresh`")]
    NoSnapshot,
    /// A customer nobody has heard of.
    #[error("no receipt and no table names the customer {id:?}")]
    NoCustomer {
        /// As asked.
        id: String,
    },
    /// A customer without offers.
    #[error(
        "the current snapshot has no offers for the customer {id:?}: perhaps the id is not his, he had no purchase up to its day, he is listed as a card used for many people, or its day is long after the newest receipts"
    )]
    NoOffers {
        /// As asked.
        id: String,
    },
    /// The ending of a file says no known format.
    #[error("{} should end in .parquet, .csv, .json or .jsonl", path.display())]
    Format {
        /// Which file.
        path: PathBuf,
    },
}
