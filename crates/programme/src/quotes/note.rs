//! What whoever asked for a quote should know beside it: none of it keeps the basket from its price.

use ::pricing::CouponStanding;
use serde::{Deserialize, Serialize};

/// Something about the request, with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// JSON pointer into the request; empty for all of it.
    pub pointer: String,
    /// What.
    pub code: NoteCode,
}

/// What is to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteCode {
    /// There is no such card: priced as for anybody.
    CardUnknown,
    /// The card gives its owner no discounts: priced as for anybody.
    CardCannotDiscount,
    /// The card's points cannot be spent.
    CardCannotSpend,
    /// No discount rules are published.
    NoRules,
    /// Which segments the customer is in is not known yet: rules for segments did not count.
    SegmentsUnknown,
    /// The catalogue knows no such product: what the till said of it counts alone.
    ProductUnknown,
    /// The catalogue cannot be read now: what the till said of its goods counts alone.
    CatalogueUnknown,
    /// The ledger had less than the basket claimed: it was priced again without that.
    PricedAgain,
    /// There is no such coupon.
    CouponUnknown,
    /// The coupon belongs to somebody else.
    CouponForeign,
    /// The coupon counts later.
    CouponNotYet,
    /// The coupon's time is over.
    CouponExpired,
    /// The coupon has been used.
    CouponUsedUp,
    /// The coupon was withdrawn.
    CouponWithdrawn,
    /// The coupon needs its customer, and none is known.
    CouponNeedsCustomer,
}

impl Note {
    pub(crate) fn new(pointer: impl Into<String>, code: NoteCode) -> Self {
        Self { pointer: pointer.into(), code }
    }
}

impl NoteCode {
    /// What is wrong with a coupon, if anything is.
    pub(crate) fn of_coupon(standing: CouponStanding) -> Option<Self> {
        Some(match standing {
            CouponStanding::Good => return None,
            CouponStanding::Unknown => Self::CouponUnknown,
            CouponStanding::Foreign => Self::CouponForeign,
            CouponStanding::NotYet => Self::CouponNotYet,
            CouponStanding::Expired => Self::CouponExpired,
            CouponStanding::UsedUp => Self::CouponUsedUp,
            CouponStanding::Withdrawn => Self::CouponWithdrawn,
            CouponStanding::NeedsCustomer => Self::CouponNeedsCustomer,
        })
    }

    /// Its stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.about().0
    }

    /// The sentence in Russian.
    #[must_use]
    pub fn ru(self) -> &'static str {
        self.about().1
    }

    /// The sentence in English.
    #[must_use]
    pub fn en(self) -> &'static str {
        self.about().2
    }

    #[rustfmt::skip]
    fn about(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::CardUnknown => ("card_unknown", "такой карты нет, цены как без карты", "there is no such card; priced as without one"),
            Self::CardCannotDiscount => ("card_cannot_discount", "карта в этом состоянии скидок не даёт", "a card in this state gives no discounts"),
            Self::CardCannotSpend => ("card_cannot_spend", "баллы этой карты сейчас списать нельзя", "points of this card cannot be spent now"),
            Self::NoRules => ("no_rules", "правила скидок не опубликованы", "no discount rules are published"),
            Self::SegmentsUnknown => ("segments_unknown", "сегменты покупателя ещё не вычислены, правила для сегментов не действовали", "the customer's segments are not known yet; rules for segments did not count"),
            Self::ProductUnknown => ("product_unknown", "товара нет в каталоге, учтены только данные кассы", "the catalogue knows no such product; only the till's word counts"),
            Self::CatalogueUnknown => (
                "catalogue_unknown",
                "каталог сейчас не читается, учтены только данные кассы",
                "the catalogue cannot be read now; only the till's word counts",
            ),
            Self::PricedAgain => ("priced_again", "часть запрошенного уже занята, корзина рассчитана заново", "some of what was claimed was taken; the basket was priced again"),
            Self::CouponUnknown => ("coupon_unknown", "такого купона нет", "there is no such coupon"),
            Self::CouponForeign => ("coupon_foreign", "это купон другого покупателя", "the coupon is another customer's"),
            Self::CouponNotYet => ("coupon_not_yet", "купон ещё не действует", "the coupon counts later"),
            Self::CouponExpired => ("coupon_expired", "срок купона истёк", "the coupon's time is over"),
            Self::CouponUsedUp => ("coupon_used_up", "купон уже использован", "the coupon has been used"),
            Self::CouponWithdrawn => ("coupon_withdrawn", "купон отозван", "the coupon was withdrawn"),
            Self::CouponNeedsCustomer => ("coupon_needs_customer", "к купону нужна карта его владельца", "the coupon needs its customer's card"),
        }
    }
}
