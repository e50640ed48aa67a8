//! Numbers as they are written: exact, in the decimal system.

use std::fmt;

/// Digits that are kept, before and after the point.
const DIGITS_MAX: usize = 18;

/// A decimal number of at most 18 digits, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    // The number is units ÷ 10^places; of all such pairs the one with the fewest places.
    units: i64,
    places: u32,
}

impl Decimal {
    /// Reads `-12.50`; nothing for what is no number, or has more than 18 digits.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return None,
            None => (digits, ""),
        };
        let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !only_digits(whole) || !only_digits(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        if whole.len() + fraction.len() > DIGITS_MAX {
            return None;
        }
        let units: i64 = format!("0{whole}{fraction}").parse().ok()?;
        Some(Self { units: if negative { -units } else { units }, places: fraction.len() as u32 })
    }

    /// The largest integer not above it.
    pub(super) fn floor(self) -> i64 {
        self.units.div_euclid(10_i64.pow(self.places))
    }

    /// The smallest integer not below it.
    pub(super) fn ceil(self) -> i64 {
        self.floor() + i64::from(self.units.rem_euclid(10_i64.pow(self.places)) != 0)
    }

    /// The nearest float: the same that the division of two integers gives, where their ratio is this number.
    pub(super) fn nearest(self) -> f64 {
        self.to_string().parse().expect("a decimal number is a float")
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let scaled = |one: &Self, other: &Self| {
            i128::from(one.units) * 10_i128.pow(other.places.saturating_sub(one.places))
        };
        scaled(self, other).cmp(&scaled(other, self))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, power) = (if self.units < 0 { "-" } else { "" }, 10_u64.pow(self.places));
        let units = self.units.unsigned_abs();
        match self.places {
            0 => write!(f, "{sign}{units}"),
            places => {
                let width = places as usize;
                write!(f, "{sign}{}.{:0width$}", units / power, units % power)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_written_exactly() {
        for (text, written, floor, ceil) in [
            ("0", "0", 0, 0),
            ("-0.0", "0", 0, 0),
            ("007.50", "7.5", 7, 8),
            ("-7.5", "-7.5", -8, -7),
            ("-0.05", "-0.05", -1, 0),
            ("100", "100", 100, 100),
            ("0.000000000000000001", "0.000000000000000001", 0, 1),
            (
                "999999999999999999",
                "999999999999999999",
                999_999_999_999_999_999,
                999_999_999_999_999_999,
            ),
        ] {
            let number = Decimal::read(text).unwrap();
            assert_eq!(
                (&*number.to_string(), number.floor(), number.ceil()),
                (written, floor, ceil)
            );
            assert_eq!(Decimal::read(written), Some(number), "{text}");
            assert_eq!(number.nearest(), text.parse::<f64>().unwrap(), "{text}");
        }
        for wrong in ["", "-", ".5", "5.", "1.2.3", "1e5", "--1", "+1", "1234567890123456789", "٣"]
        {
            assert_eq!(Decimal::read(wrong), None, "{wrong}");
        }
        let sorted = ["-10", "-9.5", "0", "0.09", "0.1", "1", "1.01", "999999999999999999"];
        let sorted = sorted.map(|text| Decimal::read(text).unwrap());
        assert!(sorted.is_sorted_by(|a, b| a < b));
    }
}
