//! Whether a statement holds: for one portrait, or for many customers at once, column by column.

use super::{Node, Segment};
use crate::registry::registry;
use crate::segment::sieve::Sieve;
use crate::value::{Kind, Value};

/// One parameter of many customers, in the layout of Apache Arrow.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    /// A value for each customer; where he has none, anything.
    pub values: Values<'a>,
    /// Who has one; nothing if everybody.
    pub valid: Option<Bits<'a>>,
}

/// Values of one kind.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a> {
    /// Of [`Kind::Int`].
    Int(&'a [i64]),
    /// Of [`Kind::Float`].
    Float(&'a [f64]),
    /// Of [`Kind::Date`]: days since 1970.
    Date(&'a [i32]),
    /// Of [`Kind::Bool`].
    Bool(Bits<'a>),
    /// Of ids and words, each text once and a key for each customer.
    Text {
        /// Which text is each customer's.
        keys: &'a [i32],
        /// Where each text begins, and where the last one ends.
        offsets: &'a [i32],
        /// All texts in one.
        bytes: &'a [u8],
    },
}

/// A bit for each of some customers, the lowest of a byte first.
#[derive(Clone, Copy, Debug)]
pub struct Bits<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// How many bits come before the first.
    pub offset: usize,
    /// How many there are.
    pub count: usize,
}

/// Which of some customers are in a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Members {
    // A bit for each, the lowest of a word first; behind the last one none is set.
    words: Vec<u64>,
    customers: usize,
}

/// Columns that are not those the segment asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the column of {name} is missing, or is not as long or not of the kind as it should be")]
pub struct WrongColumn {
    /// The parameter.
    pub name: &'static str,
}

impl Segment {
    /// Whether it holds for the values of a portrait, in the sequence of the registry; `text_of` gives the
    /// source's text behind the code of a value.
    pub fn holds<'t>(&self, values: &[Value], text_of: impl Fn(Value) -> Option<&'t str>) -> bool {
        self.root.holds(values, &text_of)
    }

    /// For which of so many customers it holds, given the columns of [`Segment::places`].
    ///
    /// # Errors
    /// When a column is missing, has another length, or values of another kind.
    pub fn members(
        &self,
        customers: usize,
        columns: &[Column<'_>],
    ) -> Result<Members, WrongColumn> {
        for (at, &place) in self.places.iter().enumerate() {
            let parameter = &registry()[place];
            let fits = |column: &Column<'_>| column.fits(parameter.kind, customers);
            if !columns.get(at).is_some_and(fits) {
                return Err(WrongColumn { name: parameter.name });
            }
        }
        let table = Table { places: &self.places, columns, customers };
        Ok(Members { words: table.words(&self.root), customers })
    }
}

impl Members {
    /// How many are in the segment.
    #[must_use]
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether the customer at a place is.
    #[must_use]
    pub fn contain(&self, place: usize) -> bool {
        place < self.customers && self.words[place / 64] >> (place % 64) & 1 == 1
    }

    /// The places of those who are, ascending.
    pub fn places(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.customers).filter(|&place| self.contain(place))
    }
}

impl Node {
    fn holds<'t>(&self, values: &[Value], text_of: &impl Fn(Value) -> Option<&'t str>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(values, text_of)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(values, text_of)),
            Self::Not(part) => !part.holds(values, text_of),
            Self::Condition(condition) => {
                let value = values.get(condition.name.place).copied().unwrap_or(Value::Null);
                condition.sieve.passes(value, text_of)
            }
        }
    }
}

/// The columns of a segment.
struct Table<'a> {
    places: &'a [usize],
    columns: &'a [Column<'a>],
    customers: usize,
}

impl Table<'_> {
    fn words(&self, node: &Node) -> Vec<u64> {
        let joined = |parts: &[Node], join: fn(&mut u64, u64)| {
            let mut words = self.words(&parts[0]);
            for part in &parts[1..] {
                let others = self.words(part);
                words.iter_mut().zip(others).for_each(|(word, other)| join(word, other));
            }
            words
        };
        match node {
            Node::All(parts) => joined(parts, |word, other| *word &= other),
            Node::Any(parts) => joined(parts, |word, other| *word |= other),
            Node::Not(part) => self.negated(self.words(part)),
            Node::Condition(condition) => {
                let at = self.places.iter().position(|&place| place == condition.name.place);
                let column = &self.columns[at.expect("the places are those of its conditions")];
                match (&condition.sieve, column.valid) {
                    (Sieve::Null { not: true }, None) => self.negated(self.none()),
                    (Sieve::Null { not: true }, Some(valid)) => valid.words(),
                    (Sieve::Null { not: false }, None) => self.none(),
                    (Sieve::Null { not: false }, Some(valid)) => self.negated(valid.words()),
                    (sieve, None) => column.values.passing(sieve),
                    (sieve, Some(valid)) => {
                        let mut words = column.values.passing(sieve);
                        words.iter_mut().zip(valid.words()).for_each(|(word, has)| *word &= has);
                        words
                    }
                }
            }
        }
    }

    fn none(&self) -> Vec<u64> {
        vec![0; self.customers.div_ceil(64)]
    }

    fn negated(&self, mut words: Vec<u64>) -> Vec<u64> {
        words.iter_mut().for_each(|word| *word = !*word);
        let behind = self.customers % 64;
        if let (Some(last), true) = (words.last_mut(), behind > 0) {
            *last &= (1 << behind) - 1;
        }
        words
    }
}

impl Column<'_> {
    /// Whether it is of this kind and has a value for each of so many customers.
    fn fits(&self, kind: Kind, customers: usize) -> bool {
        let long = match (self.values, kind) {
            (Values::Int(values), Kind::Int) => values.len() == customers,
            (Values::Float(values), Kind::Float) => values.len() == customers,
            (Values::Date(values), Kind::Date) => values.len() == customers,
            (Values::Bool(bits), Kind::Bool) => bits.has(customers),
            (
                Values::Text { keys, offsets, bytes },
                Kind::Product
                | Kind::Category
                | Kind::Brand
                | Kind::Shop
                | Kind::Label
                | Kind::Text,
            ) => {
                let within = |&end: &i32| usize::try_from(end).is_ok_and(|end| end <= bytes.len());
                let sound = offsets.is_sorted() && offsets.iter().all(within);
                keys.len() == customers && !offsets.is_empty() && sound
            }
            _ => false,
        };
        long && self.valid.is_none_or(|valid| valid.has(customers))
    }
}

impl Values<'_> {
    /// Who has a value that passes, or has none and anything in its place.
    fn passing(&self, sieve: &Sieve) -> Vec<u64> {
        match *self {
            Self::Int(values) => match *sieve {
                // The loops that matter: nothing in them branches.
                Sieve::Whole { low, high, not } => {
                    packed(values, |&value| ((low <= value) & (value <= high)) != not)
                }
                _ => packed(values, |&value| sieve.passes_whole(value)),
            },
            Self::Float(values) => match *sieve {
                Sieve::Number { low, high, not } => {
                    packed(values, |&value| ((low <= value) & (value <= high)) != not)
                }
                _ => packed(values, |&value| sieve.passes_number(value)),
            },
            Self::Date(values) => packed(values, |&value| sieve.passes_whole(value.into())),
            Self::Bool(bits) => {
                let truths: Vec<bool> = (0..bits.count).map(|place| bits.get(place)).collect();
                packed(&truths, |&truth| sieve.passes_whole(truth.into()))
            }
            Self::Text { keys, offsets, bytes } => {
                // A text is looked at once, when it is first met: most files have more than are asked for.
                let mut known = vec![None; offsets.len() - 1];
                packed(keys, |&key| {
                    let Some(known) = known.get_mut(key as usize) else { return false };
                    *known.get_or_insert_with(|| {
                        let (start, end) = (offsets[key as usize], offsets[key as usize + 1]);
                        sieve.passes_text(&bytes[start as usize..end as usize])
                    })
                })
            }
        }
    }
}

impl Bits<'_> {
    fn get(&self, place: usize) -> bool {
        let bit = self.offset + place;
        self.bytes[bit / 8] >> (bit % 8) & 1 == 1
    }

    /// Whether there are exactly so many.
    fn has(&self, count: usize) -> bool {
        let within = (self.offset + count).div_ceil(8) <= self.bytes.len();
        self.count == count && (within || count == 0)
    }

    fn words(&self) -> Vec<u64> {
        let word = |start: usize| {
            let (first, skipped) = ((self.offset + start) / 8, (self.offset + start) % 8);
            // Nine bytes have 64 bits in a row wherever they begin.
            let bytes = self.bytes[first..].iter().take(9).rev();
            let bits = bytes.fold(0, |bits, &byte| bits << 8 | u128::from(byte)) >> skipped;
            match self.count - start {
                last @ ..64 => bits as u64 & ((1 << last) - 1),
                _ => bits as u64,
            }
        };
        (0..self.count).step_by(64).map(word).collect()
    }
}

/// A bit for each value: whether it passes.
fn packed<T>(values: &[T], mut passes: impl FnMut(&T) -> bool) -> Vec<u64> {
    let word = |values: &[T]| {
        let bits = values.iter().enumerate();
        bits.fold(0, |word, (place, value)| word | u64::from(passes(value)) << place)
    };
    values.chunks(64).map(word).collect()
}
