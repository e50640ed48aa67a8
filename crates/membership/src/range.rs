//! Ranges of card numbers, batches for the printer, and numbers nobody can guess from another.

use retail::NetworkId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::number::{CardNumber, Scheme, is_digits};
use crate::problem::{Problem, unless};

/// Card numbers of one network: a prefix, a running part with leading zeros, and the control digit
/// of the scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberRange {
    /// Whose cards they are.
    pub network: NetworkId,
    /// What every number begins with; digits, or letters too in a plain range; may be empty.
    pub prefix: String,
    /// Digits of the running part, 1 to 18.
    pub digits: u8,
    /// How the control digit is made.
    pub scheme: Scheme,
    /// The first running part.
    pub from: u64,
    /// The last running part.
    pub to: u64,
}

/// Numbers of a range that are printed together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrintBatch {
    /// The batch's own name, by which the printer and the shop speak of it.
    pub id: String,
    /// What is printed from.
    pub range: NumberRange,
    /// Index of the first number, from 0.
    pub from_index: u64,
    /// How many cards.
    pub count: u64,
}

/// One card for the printer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PrintRow {
    /// Index in the range.
    pub index: u64,
    /// The whole number, as the barcode holds it.
    pub number: CardNumber,
    /// The control digit at its end; nothing in a plain range.
    pub control: Option<u32>,
    /// The number in groups of four, for the eye; it parses back to the number.
    pub printed: String,
}

impl NumberRange {
    /// Most digits of a running part: its numbers stay within 64 bits.
    const DIGITS_MAX: u8 = 18;

    /// Everything that is wrong with the range; nothing for a good one.
    #[must_use]
    pub fn validate(&self) -> Vec<Problem> {
        let plain = self.scheme == Scheme::Plain;
        let control = usize::from(!plain);
        let length = self.prefix.len() + usize::from(self.digits) + control;
        let (shortest, longest) = self.scheme.lengths();
        let fits = |byte: u8| byte.is_ascii_digit() || (plain && byte.is_ascii_alphabetic());
        let digits_good = (1..=Self::DIGITS_MAX).contains(&self.digits);
        let problems = [
            unless(self.prefix.bytes().all(fits), "/prefix", "has characters the scheme has not"),
            unless(digits_good, "/digits", "must be 1 to 18"),
            unless(
                (shortest..=longest).contains(&length),
                "/digits",
                &format!(
                    "prefix, running part and control digit make {length} characters; {} has \
                     {shortest} to {longest}",
                    self.scheme
                ),
            ),
            unless(self.from <= self.to, "/to", "must not be smaller than `from`"),
            unless(
                !digits_good || self.to < power(self.digits),
                "/to",
                "has more digits than the running part",
            ),
        ];
        problems.into_iter().flatten().collect()
    }

    /// How many numbers there are; 0 where the end comes before the beginning.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.to.checked_sub(self.from).map_or(0, |last| last.saturating_add(1))
    }

    /// The number at an index from 0; nothing outside the range, or in a range that is not valid.
    #[must_use]
    pub fn number(&self, index: u64) -> Option<CardNumber> {
        if index >= self.count() || self.digits > Self::DIGITS_MAX {
            return None;
        }
        let running = self.from + index;
        let digits = format!("{}{running:0width$}", self.prefix, width = usize::from(self.digits));
        if digits.len() != self.prefix.len() + usize::from(self.digits) {
            return None;
        }
        CardNumber::parse(&self.scheme.complete(&digits), self.scheme).ok()
    }

    /// Whether the number is one of the range.
    #[must_use]
    pub fn contains(&self, number: &CardNumber) -> bool {
        let control = usize::from(self.scheme != Scheme::Plain);
        let running = number
            .as_str()
            .strip_prefix(&self.prefix)
            .filter(|rest| rest.len() == usize::from(self.digits) + control && is_digits(rest))
            .and_then(|rest| rest[..usize::from(self.digits)].parse().ok());
        self.scheme.is_sound(number.as_str())
            && running.is_some_and(|running| (self.from..=self.to).contains(&running))
    }

    /// Whether two ranges might give one number twice, of whatever networks they are: at the till a
    /// card is known by its number alone. Exact for ranges of one scheme. Of two schemes the last
    /// digit is left out, so that a few that only nearly meet are refused too.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let alike = self.scheme == other.scheme;
        let (one, two) = (self.stem(alike), other.stem(alike));
        let (outer, inner) =
            if one.prefix.len() <= two.prefix.len() { (one, two) } else { (two, one) };
        let same_length = outer.length() == inner.length();
        let Some(between) = inner.prefix.strip_prefix(outer.prefix).filter(|_| same_length) else {
            return false;
        };
        // What the longer prefix has more than the shorter, as the beginning of its running part.
        let between = if between.is_empty() { "0" } else { between };
        let Some(above) = between.parse::<u64>().ok().filter(|_| is_digits(between)) else {
            return false;
        };
        let offset = u128::from(above) * u128::from(power(inner.digits));
        let (from, to) = (offset + u128::from(inner.from), offset + u128::from(inner.to));
        from <= u128::from(outer.to) && u128::from(outer.from) <= to
    }

    /// What two ranges are compared by: everything but the control digit. Beside a range of another
    /// scheme a plain one leaves out its last digit as well.
    fn stem(&self, alike: bool) -> Stem<'_> {
        let shorter = self.scheme == Scheme::Plain && !alike && self.digits > 0;
        let (cut, by) = if shorter { (1, 10) } else { (0, 1) };
        Stem {
            prefix: &self.prefix,
            digits: self.digits - cut,
            from: self.from / by,
            to: self.to / by,
        }
    }
}

struct Stem<'a> {
    prefix: &'a str,
    digits: u8,
    from: u64,
    to: u64,
}

impl Stem<'_> {
    fn length(&self) -> usize {
        self.prefix.len() + usize::from(self.digits)
    }
}

/// Ten to this power; as much as fits beyond 19.
fn power(digits: u8) -> u64 {
    10_u64.saturating_pow(u32::from(digits))
}

impl PrintBatch {
    /// Everything that is wrong with the batch and its range; nothing for a good one.
    #[must_use]
    pub fn validate(&self) -> Vec<Problem> {
        let of_range = self.range.validate().into_iter().map(|problem| Problem {
            pointer: format!("/range{}", problem.pointer),
            reason: problem.reason,
        });
        let end = self.from_index.checked_add(self.count);
        let own = [
            unless(!self.id.is_empty(), "/id", "must not be empty"),
            unless(self.count > 0, "/count", "must be at least 1"),
            unless(
                end.is_some_and(|end| end <= self.range.count()),
                "/count",
                "goes beyond the end of the range",
            ),
        ];
        of_range.chain(own.into_iter().flatten()).collect()
    }

    /// The cards for the printer, one after another. They end where the range ends.
    pub fn rows(&self) -> impl Iterator<Item = PrintRow> + '_ {
        let end = self.from_index.saturating_add(self.count);
        (self.from_index..end).map_while(|index| {
            let number = self.range.number(index)?;
            let text = number.as_str();
            let control = self.range.scheme.control(&text[..text.len() - 1]);
            // A number is ASCII, so that characters are bytes.
            let groups: Vec<&str> =
                (0..text.len()).step_by(4).map(|at| &text[at..text.len().min(at + 4)]).collect();
            Some(PrintRow { index, printed: groups.join(" "), control, number })
        })
    }
}

/// The number of a virtual card: that of the range at a place which only the holder of the key can
/// tell from the index. Different indices give different numbers, every number of the range has its
/// index, and the same key gives the same number again. Nothing outside the range.
///
/// Whoever knows some numbers learns nothing of the others, but may still hit one by chance, as
/// often as numbers are in use: a range should be a thousand times as large as its cards.
///
/// A Feistel network of four rounds (Luby and Rackoff 1988) over the smallest even number of bits
/// that holds the range, with HMAC-SHA-256 as its round; places beyond the range walk on along their
/// cycle until they are inside (Black and Rogaway 2002).
#[must_use]
pub fn scattered(key: &[u8; 32], range: &NumberRange, index: u64) -> Option<CardNumber> {
    let count = range.count();
    if index >= count {
        return None;
    }
    let half = (u64::BITS - (count - 1).leading_zeros()).div_ceil(2).max(1);
    let mut place = permuted(key, range, half, index);
    // The cycle leads back to the index, which is inside, so that the walk ends.
    while place >= count {
        place = permuted(key, range, half, place);
    }
    range.number(place)
}

/// A permutation of the numbers below 2 to the power of twice `half`.
fn permuted(key: &[u8; 32], range: &NumberRange, half: u32, place: u64) -> u64 {
    let mask = (1_u64 << half) - 1;
    let (mut left, mut right) = (place >> half, place & mask);
    for round in 0..4_u8 {
        let mut message = vec![round];
        for number in [right, range.from, range.to] {
            message.extend(number.to_be_bytes());
        }
        message.push(range.digits);
        message.extend(range.prefix.as_bytes());
        let digest = hmac(key, &message);
        let drawn = digest[..8].iter().fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
        (left, right) = (right, left ^ (drawn & mask));
    }
    left << half | right
}

/// HMAC-SHA-256 (RFC 2104) under a key of 32 bytes.
fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let padded = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, cases 1 and 2; a key is filled up with zeros, so that shorter ones can be told.
    #[test]
    fn hmac_is_that_of_the_standard() {
        for (key, message, expected) in [
            (&[0x0b; 20][..], "Hi There", "b0344c61d8db38535ca8afceaf0bf12b"),
            (&b"Jefe"[..], "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c7"),
        ] {
            let mut full = [0; 32];
            full[..key.len()].copy_from_slice(key);
            let digest = hmac(&full, message.as_bytes());
            let text: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(text, expected);
        }
    }
}
