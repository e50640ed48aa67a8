//! What can go wrong with the lake, in sentences for the person who runs it.

/// Why the lake could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The disk or bucket refused.
    #[error("the lake's storage failed at {path}: {source}")]
    Storage {
        /// Which object.
        path: String,
        /// What the storage said.
        source: object_store::Error,
    },
    /// A file could not be written to disk for good.
    #[error("cannot write {path} durably: {source}")]
    Disk {
        /// Which file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not what its manifest says.
    #[error("{path} is damaged: {why}")]
    Damaged {
        /// Which file.
        path: String,
        /// What does not fit.
        why: String,
    },
    /// The lake was made by another version of this program.
    #[error("{path} has format {format}, this program reads format {readable}; {}",
        if format > readable { "use a newer proffer" } else { "import the feeds into a new programme" })]
    Format {
        /// Which manifest.
        path: String,
        /// The format it has.
        format: u32,
        /// The format this program reads.
        readable: u32,
    },
    /// No manifest is whole.
    #[error("no state of the lake can be read: {why}")]
    Unreadable {
        /// What is wrong with the oldest one.
        why: String,
    },
    /// Newer states are damaged or lost: the lake can be read, and not be changed.
    #[error(
        "the lake is not sound and is not changed: {why}. Bring the file back from a backup, or run `proffer lake repair` to go on from the last whole state"
    )]
    Unsound {
        /// What is wrong.
        why: String,
    },
    /// Another writer committed first; nothing of this change was kept.
    #[error(
        "another process changed the lake at the same time (manifest {number}); nothing was changed here, run the command again"
    )]
    Raced {
        /// The number both wanted.
        number: u64,
    },
    /// More distinct values than a code can name.
    #[error("the lake holds too many different {what}: 4,294,967,294 at most")]
    Full {
        /// Of what kind.
        what: &'static str,
    },
    /// Parquet or Arrow could not encode or decode.
    #[error("cannot encode or decode Parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// Arrow could not build or combine columns.
    #[error("cannot build columns: {0}")]
    Arrow(#[from] arrow_schema::ArrowError),
}
