//! What is known of one customer.

use std::ops::Range;

use retail::{Day, Lines};

/// One customer: his lines and what else was recorded of him. Facts dated after the day of the
/// portrait may be here and are ignored, so that the same history serves every day. Lines that the
/// source left without quantity and amount must not be here.
#[derive(Clone, Debug)]
pub struct History<'a> {
    /// His code.
    pub customer: u32,
    /// Lines of many customers.
    pub lines: &'a Lines,
    /// Which of them are his, as [`Lines::by_customer`] says.
    pub range: Range<usize>,
    /// Campaigns he was assigned to for treatment, in any sequence.
    pub invitations: &'a [Invitation],
    /// Coupons he used, in any sequence.
    pub redemptions: &'a [Redemption],
    /// What he declared.
    pub profile: Profile,
}

/// A campaign a customer was assigned to (treated, not held back as control).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The campaign's code, the same as in [`Redemption`].
    pub campaign: u32,
    /// The campaign's first day.
    pub start: Day,
    /// The campaign's last day.
    pub end: Day,
}

/// A coupon used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redemption {
    /// When.
    pub day: Day,
    /// Code of the campaign the coupon belongs to.
    pub campaign: u32,
    /// First day of that campaign, if known.
    pub campaign_start: Option<Day>,
}

/// What a customer declared of himself, as codes of the caller's dictionary of profile texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub struct Profile {
    pub gender: Option<u32>,
    pub age_band: Option<u32>,
    pub household_size: Option<u32>,
    pub kids_count: Option<u32>,
    pub income_band: Option<u32>,
    pub home_ownership: Option<u32>,
    pub marital_status: Option<u32>,
    pub region: Option<u32>,
}

/// Histories of all customers of `lines`, in their sequence, with nothing but lines.
#[must_use]
pub fn histories(lines: &Lines) -> Vec<History<'_>> {
    let history = |(customer, range)| History {
        customer,
        lines,
        range,
        invitations: &[],
        redemptions: &[],
        profile: Profile::default(),
    };
    lines.by_customer().into_iter().map(history).collect()
}

/// Whether a line is goods that came back, which only parameters of returns see. A line of neither
/// quantity nor amount is a sale: one that the source itself left empty is dropped at import, and
/// what comes here is an amount that rounded to nothing.
#[inline]
pub(crate) fn is_return(quantity: i64, net: i64) -> bool {
    quantity < 0 || net < 0
}

/// The receipts of a history, each as a range of its lines, in the sequence of purchase.
pub(crate) fn receipts<'a>(history: &History<'a>) -> impl Iterator<Item = Range<usize>> + 'a {
    let (lines, end) = (history.lines, history.range.end);
    let mut next = history.range.start;
    std::iter::from_fn(move || {
        let start = next;
        let receipt = *lines.receipt[..end].get(start)?;
        let same = lines.receipt[start..end].iter().take_while(|&&other| other == receipt);
        next += same.count();
        Some(start..next)
    })
}
