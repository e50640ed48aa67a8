//! A sale and the returns of its goods: what each of them is worth in points, and to whom.
//!
//! All that is stored of a family is computed anew whenever one of its receipts comes or is replaced, so
//! that they may come in any sequence; what is posted is the difference.

use std::collections::BTreeMap;

use retail::Day;
use serde::{Deserialize, Serialize};
use store::{StoredReceipt, Tx, WalletSums};

use super::{read, written};
use crate::Refused;

/// A line of a receipt as a return needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Goods {
    pub product: String,
    /// Thousandths of a unit; negative where they came back.
    pub quantity: i64,
    /// What the retailer received, minor units; 0 in what was stored before this was kept, as are the others.
    #[serde(default)]
    pub net: i64,
    /// Discount paid by the retailer, its coupon included, and of it what the coupon gave.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub discount: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retailer_coupon: i64,
    /// Of what was received, a supplier's coupon.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub supplier_coupon: i64,
    /// Points they earned, or took away.
    pub points: i64,
    /// Points they earn once somebody has released the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<i64>,
}

// By the signature that serde asks for.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(amount: &i64) -> bool {
    *amount == 0
}

/// A receipt of a family.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub row: StoredReceipt,
    pub goods: Vec<Goods>,
}

/// A sale, if it is known, and the returns that name it; or one receipt alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Family {
    /// The receipt that the others name; a return that names none stands alone in `returns`.
    pub sale: Option<Member>,
    /// The earliest first.
    pub returns: Vec<Member>,
}

/// The lines of a receipt.
pub(crate) fn goods_of(row: &StoredReceipt) -> Result<Vec<Goods>, Refused> {
    read("the lines of a receipt", &row.points_by_line)
}

impl Member {
    pub(super) fn of(row: StoredReceipt) -> Result<Self, Refused> {
        let goods = goods_of(&row)?;
        Ok(Self { row, goods })
    }

    pub(super) fn is_return(&self) -> bool {
        self.goods.first().is_some_and(|goods| goods.quantity < 0)
    }

    /// Whether its points wait until somebody has looked at a flag.
    pub(super) fn is_held(&self) -> bool {
        self.goods.iter().any(|goods| goods.held.is_some())
    }

    /// What it earned, or would have, were it not held.
    pub(super) fn worth(&self) -> i64 {
        self.goods.iter().map(|goods| goods.held.unwrap_or(goods.points)).sum()
    }

    /// Lets it earn what it was held for.
    pub(super) fn release(&mut self) {
        for goods in &mut self.goods {
            goods.points = goods.held.take().unwrap_or(goods.points);
        }
        self.total();
    }

    /// The row as it is stored.
    pub(super) fn stored(&self) -> Result<StoredReceipt, Refused> {
        let points_by_line = written(&self.goods)?;
        Ok(StoredReceipt { points_by_line, ..self.row.clone() })
    }

    /// Takes the points of its goods over.
    fn total(&mut self) {
        self.row.points = self.goods.iter().map(|goods| goods.points).sum();
    }
}

impl Family {
    /// What is known of a receipt and the returns that name it.
    pub(super) fn load(
        tx: &mut Tx<'_>,
        sale: Option<StoredReceipt>,
        id: &str,
    ) -> Result<Self, Refused> {
        let returns = tx.returns_of(id)?.into_iter().map(Member::of);
        Ok(Self {
            sale: sale.map(Member::of).transpose()?,
            returns: returns.collect::<Result<_, _>>()?,
        })
    }

    /// A return that names no sale, or nothing.
    pub(super) fn alone(member: Option<Member>) -> Self {
        Self { sale: None, returns: member.into_iter().collect() }
    }

    /// Takes a return out.
    pub(super) fn remove(&mut self, id: &str) {
        self.returns.retain(|member| member.row.id != id);
    }

    /// The sale, if goods of it can come back at all.
    fn sold(&self) -> Option<&Member> {
        self.sale.as_ref().filter(|sale| !sale.is_return())
    }

    /// Puts a new version of one of its receipts in place.
    pub(super) fn put(&mut self, member: Member, is_sale: bool) {
        if is_sale {
            self.sale = Some(member);
            return;
        }
        self.remove(&member.row.id);
        self.returns.push(member);
        self.returns.sort_by(|a, b| (a.row.at, &a.row.id).cmp(&(b.row.at, &b.row.id)));
    }

    /// A receipt of it.
    pub(super) fn member(&self, id: &str) -> Option<&Member> {
        self.members().find(|member| member.row.id == id)
    }

    pub(super) fn members(&self) -> impl Iterator<Item = &Member> {
        self.sale.iter().chain(&self.returns)
    }

    /// Gives every return the points that its goods earned: of each product the part that came back, all
    /// returns so far together, so that a return in parts takes away exactly what one return would. Of what was
    /// not bought nothing is taken. Where the sale is not known, returns stay what they are; goods that came
    /// back cannot come back once more.
    pub(super) fn settle(&mut self) {
        let Some(sale) = &self.sale else { return };
        if sale.is_return() {
            for member in &mut self.returns {
                member.row.wallet = None;
                member.goods.iter_mut().for_each(|goods| goods.points = 0);
                member.total();
            }
            return;
        }
        let wallet = sale.row.wallet.clone();
        let mut left = Bought::of(&sale.goods);
        for member in &mut self.returns {
            member.row.wallet.clone_from(&wallet);
            for goods in &mut member.goods {
                goods.points = -left.take(&goods.product, -goods.quantity);
            }
            member.total();
        }
    }

    /// Whether more of some product of a return came back than was bought.
    pub(super) fn exceeds(&self, id: &str) -> bool {
        let Some(sale) = self.sold() else { return false };
        let mut left = Bought::of(&sale.goods);
        let mut exceeded = false;
        for member in &self.returns {
            exceeded = false;
            for goods in &member.goods {
                left.take(&goods.product, -goods.quantity);
                exceeded |= left.exceeded(&goods.product);
            }
            if member.row.id == id {
                break;
            }
        }
        exceeded
    }

    /// Points that each wallet has by it.
    pub(super) fn positions(&self) -> BTreeMap<String, i64> {
        let mut positions = BTreeMap::new();
        for member in self.members() {
            if let Some(wallet) = &member.row.wallet {
                *positions.entry(wallet.clone()).or_insert(0) += member.row.points;
            }
        }
        positions
    }

    /// What it adds to the sums of wallets, by wallet, network and day.
    pub(super) fn days(&self) -> BTreeMap<(String, String, Day), WalletSums> {
        let mut days: BTreeMap<_, WalletSums> = BTreeMap::new();
        let mut left = Bought::of(self.sold().map_or(&[], |sale| &sale.goods));
        for goods in self.returns.iter().flat_map(|member| &member.goods) {
            left.take(&goods.product, -goods.quantity);
        }
        for member in self.members() {
            let row = &member.row;
            let Some(wallet) = &row.wallet else { continue };
            let sums = days.entry((wallet.clone(), row.network.clone(), row.day)).or_default();
            sums.net += row.net;
            sums.points += row.points;
            sums.receipts += i64::from(!member.is_return() && !left.is_empty());
        }
        days
    }
}

/// What of a sale came back so far.
struct Bought<'a> {
    products: BTreeMap<&'a str, Sold>,
}

#[derive(Default)]
struct Sold {
    quantity: i64,
    points: i64,
    back: i64,
    taken: i64,
}

impl<'a> Bought<'a> {
    fn of(goods: &'a [Goods]) -> Self {
        let mut products: BTreeMap<&str, Sold> = BTreeMap::new();
        for line in goods {
            let sold = products.entry(&line.product).or_default();
            sold.quantity += line.quantity;
            sold.points += line.points;
        }
        Self { products }
    }

    /// Takes some of a product back; gives the points that go with it.
    fn take(&mut self, product: &str, quantity: i64) -> i64 {
        let Some(sold) = self.products.get_mut(product) else { return 0 };
        sold.back = sold.back.saturating_add(quantity);
        let back = sold.back.min(sold.quantity);
        let part = i128::from(sold.points) * i128::from(back) / i128::from(sold.quantity.max(1));
        // A part of a number of 64 bits is one.
        let due = i64::try_from(part).unwrap_or(sold.points);
        let points = due - sold.taken;
        sold.taken = due;
        points
    }

    fn exceeded(&self, product: &str) -> bool {
        self.products.get(product).is_none_or(|sold| sold.back > sold.quantity)
    }

    /// Whether nothing of it is left with the customer.
    fn is_empty(&self) -> bool {
        self.products.values().all(|sold| sold.back >= sold.quantity)
    }
}

/// What is more, or less, after than before; what is equal is left out.
pub(super) fn difference<K: Ord + Clone>(
    before: &BTreeMap<K, i64>,
    after: &BTreeMap<K, i64>,
) -> Vec<(K, i64)> {
    let mut sums = after.clone();
    for (key, value) in before {
        *sums.entry(key.clone()).or_insert(0) -= value;
    }
    sums.into_iter().filter(|(_, value)| *value != 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_in_parts_take_what_one_return_takes() {
        let goods = |quantity, points| Goods {
            product: "p".to_owned(),
            quantity,
            net: 0,
            discount: 0,
            retailer_coupon: 0,
            supplier_coupon: 0,
            points,
            held: None,
        };
        for (bought, parts, taken) in [
            (vec![goods(3000, 10)], vec![1000, 1000, 1000], vec![3, 3, 4]),
            (vec![goods(3000, 10)], vec![3000], vec![10]),
            (vec![goods(1000, 5), goods(1000, 2)], vec![1000, 1000], vec![3, 4]),
            // More than was bought: the rest takes nothing.
            (vec![goods(1000, 7)], vec![600, 600, 600], vec![4, 3, 0]),
            (vec![goods(1000, 0)], vec![1000], vec![0]),
        ] {
            let mut left = Bought::of(&bought);
            let got: Vec<i64> = parts.iter().map(|&part| left.take("p", part)).collect();
            assert_eq!(got, taken, "{bought:?} back in {parts:?}");
            assert!(left.is_empty());
            assert_eq!(left.take("q", 1000), 0, "never bought");
        }
    }
}
