//! What is asked of a return, and whether its fields are good by themselves.

use ::pricing::ReturnedLine;
use retail::{Instant, Quantity, ShopId, TillId};

use super::RefundIn;
use super::due::Due;
use super::sold::Sold;
use crate::receipts::{Problems, ReceiptName};
use crate::settings::ReceiptSettings;
use crate::{Act, FiscalIn, OriginalIn, ReceiptIn, Refused};

/// A return whose fields are good by themselves.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub take: bool,
    pub of: Original,
    pub lines: Option<Vec<ReturnedLine>>,
    number: String,
    pub at: Instant,
    /// The same as it was sent.
    at_text: String,
    pub shop: ShopId,
    pub till: TillId,
    fiscal: Option<FiscalIn>,
}

/// By what the receipt is named whose goods come back.
#[derive(Clone, Debug)]
pub(super) enum Original {
    Id(String),
    Number(OriginalIn),
}

impl Asked {
    pub(super) fn of(
        refund: RefundIn,
        act: &Act,
        settings: &ReceiptSettings,
    ) -> Result<Self, Refused> {
        let mut problems = Problems::default();
        let at_text = refund.at.unwrap_or_else(|| crate::receipts::moment(act.at).to_string());
        let at = problems.moment(&at_text, act.at, settings);
        let (shop, till) = problems.place(&refund.shop, &refund.till, act);
        let number = match (refund.take, refund.number) {
            // Nobody else's, as long as it is only told what is due.
            (false, _) => crate::cards::random_id("refund")?,
            (true, Some(number)) => number,
            (true, None) => {
                problems.add("/number", "required", "must be named: the return becomes a receipt");
                return Err(Refused::Invalid { problems: problems.0 });
            }
        };
        problems.text("/number", &number);
        let of = match (refund.receipt, refund.original) {
            (Some(id), None) => {
                problems.text("/receipt", &id);
                Some(Original::Id(id))
            }
            (None, Some(original)) => {
                problems.original(&original);
                Some(Original::Number(original))
            }
            _ => {
                let detail = "either receipt or original must say whose goods come back";
                problems.add("/original", "required", detail);
                None
            }
        };
        let back = |taken: crate::TakenIn| ReturnedLine {
            line: taken.line,
            quantity: Quantity(taken.quantity),
        };
        let lines: Option<Vec<ReturnedLine>> =
            refund.lines.map(|lines| lines.into_iter().map(back).collect());
        if lines.as_ref().is_some_and(Vec::is_empty) {
            problems.add(
                "/lines",
                "empty",
                "must have a line; without lines all that is left comes back",
            );
        }
        let (Some(at), Some(shop), Some(till), Some(of), true) =
            (at, shop, till, of, problems.0.is_empty())
        else {
            return Err(Refused::Invalid { problems: problems.0 });
        };
        let (shop, till) = (ShopId(shop), TillId(till));
        let (take, fiscal) = (refund.take, refund.fiscal);
        Ok(Self { take, of, lines, number, at, at_text, shop, till, fiscal })
    }

    /// By what its receipt is known.
    pub(super) fn name(&self) -> ReceiptName<'_> {
        let fiscal = self.fiscal.as_ref();
        ReceiptName {
            shop: &self.shop,
            till: &self.till,
            number: &self.number,
            fiscal: fiscal.map(|fiscal| (fiscal.drive.as_str(), fiscal.document.as_str())),
        }
    }

    /// The return's receipt.
    pub(super) fn receipt(&self, sold: &Sold, due: &Due) -> ReceiptIn {
        let row = &sold.row;
        ReceiptIn {
            number: self.number.clone(),
            at: self.at_text.clone(),
            shop: Some(self.shop.0.clone()),
            till: Some(self.till.0.clone()),
            // Its goods come from whoever bought them.
            card: None,
            channel: None,
            original: Some(OriginalIn {
                number: row.number.clone(),
                shop: Some(row.shop.clone()),
                till: Some(row.till.clone()),
            }),
            fiscal: self.fiscal.clone(),
            lines: sold.lines_back(due),
        }
    }
}
