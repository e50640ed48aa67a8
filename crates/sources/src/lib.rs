//! Feeds in: bytes of CSV, Parquet and JSON Lines to receipts, catalogue, customers **and** problems.
//!
//! It owns the mapping file (what stands where in a retailer's export, `docs/IMPORT.md`), the formats,
//! one file each, and the rules by which a row is good. Bad rows are values: they never stop the
//! reading. A file that cannot be read as a whole is an error, so that the caller changes nothing.
//!
//! Feeds are read in parts of bounded size, each with complete receipts; whatever the size of the
//! parts, they tell the same in the end ([`Files::read`]).
//!
//! It never decides how many bad rows are too many, writes no quarantine, opens no socket and knows no
//! store. It does not judge products or customers it has never heard of: that is the lake's matter.
//! Start with [`Mapping::read`] and [`Files::find`].

mod cell;
mod clock;
mod coded;
mod csv;
mod input;
mod json_lines;
mod lines;
mod mapping;
mod number;
mod parquet;
mod parts;
mod personal;
mod placements;
mod problem;
mod reading;
mod receipts;
mod records;
mod repeats;
mod rule;
mod text;
mod value;

pub use input::{Files, Input, fits};
pub use mapping::{
    CARD_KINDS, CARD_STATES, FeedKind, FeedMapping, FileFormat, Mapping, MappingError,
};
pub use personal::value as looks_personal;
pub use problem::{
    Count, PROBLEMS_MAX, Problem, ProblemCode, ReadError, ReadErrorCode, VALUE_CHARS_MAX,
};
pub use reading::{Progress, Summary};
pub use receipts::{SHOP_UNKNOWN, receipt_hash};

/// How many lines or placements a part usually has: some 120 MB of columns, and their texts. Larger
/// parts take longer: more memory is touched for the first time, and the system clears it.
pub const LINES_AT_ONCE: usize = 1_000_000;
