//! The vocabulary of the trade, as plain data: money, quantity, time, ids, receipts, catalogue,
//! customers, campaigns, and the columns in which bulk facts travel.
//!
//! It owns meanings and units. It never reads a file or a clock, knows no format and no store, and
//! contains no rule of a programme. Start with [`LineBatch`] (how receipts travel from a feed to the
//! lake) or [`Receipt`] (one of them as a person would write it down).

mod batch;
mod campaign;
mod catalogue;
mod claim;
mod customer;
mod history;
mod id;
mod money;
mod opening;
mod placement;
mod receipt;
mod time;

pub use batch::{Batch, LineBatch, NONE, Names, PlacementBatch, Texts};
pub use campaign::{Campaign, Coupon, Invitation, Redemption};
pub use catalogue::{Assortment, Cost, Price, Product, Shop, Stock};
pub use claim::Claim;
pub use customer::Customer;
pub use history::Lines;
pub use id::{
    CampaignId, CardId, CategoryId, CouponId, CustomerId, NetworkId, ProductId, ShopId, TillId,
    WalletId, compare_ids,
};
pub use money::{BasisPoints, Money, Points, Quantity};
pub use opening::{OpeningBalance, OpeningCard, OpeningLevel, OpeningOwner, RowPlace};
pub use placement::Placements;
pub use receipt::{Line, Receipt, ReceiptKey};
pub use time::{Day, Instant};
