//! A population as bytes, and back: integers only, column by column, little-endian, so that half a
//! million customers are there in milliseconds and with the same bits.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `PROFFERP` |
//! | 4 | version of this layout |
//! | 4 + 8 + 8 | day, spend of the last 91 days, of the 91 before |
//! | 3 × 8 | products, categories, customers |
//! | products × | code 4, net 8, quantity 8, lines 4, promo lines 4, tier 4 + 4 |
//! | categories × | code 4, net 8 |
//! | customers × | recency 4, rank 4; visits 4, rank 4; spend 8, rank 4: three lists, each ascending |

use retail::Day;

use crate::population::{Figures, Population, Sold};

const MARK: &[u8; 8] = b"PROFFERP";
const VERSION: u32 = 1;

/// Why bytes are no population.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PopulationError {
    /// Something else, or nothing.
    #[error("the bytes are no population")]
    Other,
    /// Written by another version of the program.
    #[error("the population is in layout {found}, this program reads layout {VERSION}")]
    Version {
        /// Which.
        found: u32,
    },
    /// More or fewer bytes than it says itself.
    #[error("the population ends at another place than it says")]
    Length,
}

impl Population {
    /// The population as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let figures = self.figures();
        let (products, categories) = (&figures.products, &figures.categories);
        let mut out = Out(Vec::with_capacity(64 + products.len() * 36 + figures.spends.len() * 28));
        out.0.extend_from_slice(MARK);
        out.u32s([VERSION]);
        out.i32s([figures.as_of.0]);
        out.i64s([figures.spend_91d, figures.spend_prev_91d]);
        let counts = [products.len(), categories.len(), figures.spends.len()];
        out.i64s(counts.map(|count| count as i64));
        out.u32s(products.iter().map(|sold| sold.product));
        out.i64s(products.iter().map(|sold| sold.net));
        out.i64s(products.iter().map(|sold| sold.quantity));
        out.u32s(products.iter().map(|sold| sold.lines));
        out.u32s(products.iter().map(|sold| sold.promo_lines));
        out.u32s(products.iter().map(|sold| sold.tier.0));
        out.u32s(products.iter().map(|sold| sold.tier.1));
        out.u32s(categories.iter().map(|category| category.0));
        out.i64s(categories.iter().map(|category| category.1));
        out.i32s(figures.recencies.iter().map(|place| place.0));
        out.u32s(figures.recencies.iter().map(|place| place.1));
        out.u32s(figures.visits.iter().map(|place| place.0));
        out.u32s(figures.visits.iter().map(|place| place.1));
        out.i64s(figures.spends.iter().map(|place| place.0));
        out.u32s(figures.spends.iter().map(|place| place.1));
        out.0
    }

    /// The population that [`Population::to_bytes`] wrote.
    ///
    /// # Errors
    /// When the bytes are something else, of another version or cut.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PopulationError> {
        let mut rest = In(bytes.strip_prefix(MARK).ok_or(PopulationError::Other)?);
        match rest.u32s(1)?[0] {
            VERSION => {}
            found => return Err(PopulationError::Version { found }),
        }
        let as_of = Day(rest.i32s(1)?[0]);
        let spends = rest.i64s(2)?;
        let mut count = || -> Result<usize, PopulationError> {
            usize::try_from(rest.i64s(1)?[0]).map_err(|_| PopulationError::Length)
        };
        let (products, categories, customers) = (count()?, count()?, count()?);
        let figures = Figures {
            as_of,
            spend_91d: spends[0],
            spend_prev_91d: spends[1],
            products: rest.products(products)?,
            categories: pairs(rest.u32s(categories)?, rest.i64s(categories)?),
            recencies: pairs(rest.i32s(customers)?, rest.u32s(customers)?),
            visits: pairs(rest.u32s(customers)?, rest.u32s(customers)?),
            spends: pairs(rest.i64s(customers)?, rest.u32s(customers)?),
        };
        if rest.0.is_empty() { Ok(Self::new(figures)) } else { Err(PopulationError::Length) }
    }
}

fn pairs<A, B>(a: Vec<A>, b: Vec<B>) -> Vec<(A, B)> {
    a.into_iter().zip(b).collect()
}

struct Out(Vec<u8>);

impl Out {
    fn u32s(&mut self, values: impl IntoIterator<Item = u32>) {
        self.0.extend(values.into_iter().flat_map(u32::to_le_bytes));
    }

    fn i32s(&mut self, values: impl IntoIterator<Item = i32>) {
        self.0.extend(values.into_iter().flat_map(i32::to_le_bytes));
    }

    fn i64s(&mut self, values: impl IntoIterator<Item = i64>) {
        self.0.extend(values.into_iter().flat_map(i64::to_le_bytes));
    }
}

struct In<'a>(&'a [u8]);

impl In<'_> {
    fn take<const N: usize, T>(
        &mut self,
        count: usize,
        value: fn([u8; N]) -> T,
    ) -> Result<Vec<T>, PopulationError> {
        let bytes = count.checked_mul(N).ok_or(PopulationError::Length)?;
        let (these, rest) = self.0.split_at_checked(bytes).ok_or(PopulationError::Length)?;
        self.0 = rest;
        let (values, _) = these.as_chunks::<N>();
        Ok(values.iter().map(|&bytes| value(bytes)).collect())
    }

    fn u32s(&mut self, count: usize) -> Result<Vec<u32>, PopulationError> {
        self.take(count, u32::from_le_bytes)
    }

    fn i32s(&mut self, count: usize) -> Result<Vec<i32>, PopulationError> {
        self.take(count, i32::from_le_bytes)
    }

    fn i64s(&mut self, count: usize) -> Result<Vec<i64>, PopulationError> {
        self.take(count, i64::from_le_bytes)
    }

    fn products(&mut self, count: usize) -> Result<Vec<Sold>, PopulationError> {
        let (product, net, quantity) = (self.u32s(count)?, self.i64s(count)?, self.i64s(count)?);
        let (lines, promo_lines) = (self.u32s(count)?, self.u32s(count)?);
        let (above, below) = (self.u32s(count)?, self.u32s(count)?);
        let sold = |at: usize| Sold {
            product: product[at],
            net: net[at],
            quantity: quantity[at],
            lines: lines[at],
            promo_lines: promo_lines[at],
            tier: (above[at], below[at]),
        };
        Ok((0..count).map(sold).collect())
    }
}
