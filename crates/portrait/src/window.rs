//! Windows of the notation. An age is a number of days before the day of the portrait, 0 for that
//! day itself; the window of W days holds ages below W.

/// 4 weeks.
pub(crate) const MONTH: i32 = 28;
/// 13 weeks.
pub(crate) const QUARTER: i32 = 91;
/// 52 weeks.
pub(crate) const YEAR: i32 = 364;
