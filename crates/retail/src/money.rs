//! Amounts as integers: a float is never money.

use serde::{Deserialize, Serialize};

macro_rules! amount {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// The sum, or nothing where it does not fit 64 bits.
            #[must_use]
            pub fn checked_add(self, other: Self) -> Option<Self> {
                self.0.checked_add(other.0).map(Self)
            }

            /// The difference, or nothing where it does not fit 64 bits.
            #[must_use]
            pub fn checked_sub(self, other: Self) -> Option<Self> {
                self.0.checked_sub(other.0).map(Self)
            }

            /// The opposite, or nothing for the smallest number.
            #[must_use]
            pub fn checked_neg(self) -> Option<Self> {
                self.0.checked_neg().map(Self)
            }
        }
    };
}

amount! {
    /// An amount of money in minor units (kopecks, cents) of the programme's one currency.
    Money
}
amount! {
    /// Loyalty points, in the programme's smallest unit.
    Points
}
amount! {
    /// How much of a product, in thousandths of its unit: 1 piece is 1000, 345 g is 345 of a kilogram.
    Quantity
}
amount! {
    /// Hundredths of a per cent: 1250 is 12.5 %.
    BasisPoints
}

impl Money {
    /// The amount in major units (roubles, dollars), for people and reports; never to calculate on.
    #[must_use]
    pub fn major(self) -> f64 {
        self.0 as f64 / 100.0
    }
}

impl Quantity {
    /// Thousandths in one unit.
    pub const SCALE: i64 = 1000;

    /// A whole number of units, or nothing where it does not fit.
    #[must_use]
    pub fn units(count: i64) -> Option<Self> {
        count.checked_mul(Self::SCALE).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_do_not_overflow_silently() {
        assert_eq!(Money(i64::MAX).checked_add(Money(1)), None);
        assert_eq!(Money(i64::MIN).checked_neg(), None);
        assert_eq!(Points(5).checked_sub(Points(7)), Some(Points(-2)));
        assert_eq!(Quantity::units(3), Some(Quantity(3000)));
        assert_eq!(Quantity::units(i64::MAX), None);
        assert_eq!(Money(-1234).major(), -12.34);
    }
}
