//! Random histories, from a seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use retail::Day;

use crate::fixture::{Row, Scene};

/// How many random shops a test tries.
pub fn cases() -> u64 {
    if std::env::var_os("PROFFER_SOAK").is_some() { 20_000 } else { 400 }
}

struct Dice(ChaCha8Rng);

impl Dice {
    /// 0 to `sides` − 1.
    fn roll(&mut self, sides: usize) -> usize {
        (self.0.next_u64() % sides as u64) as usize
    }
}

/// A few customers of a few shops. Prices are few and small, so that ties abound; some shops lie in
/// other time zones, so that days do not follow time; some lines are returns, some are empty, some
/// come after the day of the portrait.
pub fn scene(seed: u64) -> Scene {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed));
    let mut scene = Scene::new();
    scene.customers = ["9", "10", "x", "11", "y"].map(String::from).to_vec();
    scene.customers.truncate(1 + dice.roll(5));
    scene.shops = ["2", "10", "north"].map(String::from).to_vec();
    scene.products.push("comet".into());
    let as_of = scene.as_of();
    for customer in 0..scene.customers.len() {
        let span = [5, 60, 400, 1000][dice.roll(4)];
        for receipt in 0..dice.roll(40) {
            let day = Day(as_of.0 + 2 - dice.roll(span) as i32);
            let (minute, shop) = (dice.roll(1440), dice.roll(3));
            let zone = if seed.is_multiple_of(3) { shop as i64 * 700 } else { 0 };
            let most = if dice.roll(8) == 0 { 30 } else { 5 };
            for _ in 0..1 + dice.roll(most) {
                let discount = [0, 0, 0, 1, 30, 100][dice.roll(6)];
                let coupon = dice.roll(3).min(1) as i64 * discount;
                scene.rows.push(Row {
                    customer,
                    day,
                    at: i64::from(day.0) * 1440 + minute as i64 + zone,
                    minute: minute as u16,
                    receipt: receipt.to_string(),
                    shop,
                    product: dice.roll(scene.products.len()),
                    channel: [None, Some(0), Some(1)][dice.roll(3)],
                    quantity: [-1000, 0, 500, 1000, 1000, 2000, 3000][dice.roll(7)],
                    net: [-50, 0, 70, 100, 100, 150, 200][dice.roll(7)],
                    discount,
                    retailer_coupon: coupon,
                    supplier_coupon: [0, 0, 20][dice.roll(3)],
                });
            }
        }
    }
    scene
}
