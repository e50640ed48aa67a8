//! Splitting an amount: parts add up to the whole, to the last minor unit.

use crate::settings::{FloorOverflow, Remainder, Settings, ZeroWeights};

/// Splits an amount, of any sign, by weights, as a ruleset's settings say: the parts add up to it, unless
/// nobody weighs anything.
#[must_use]
pub fn split(amount: i64, weights: &[i64], settings: &Settings) -> Vec<i64> {
    let mut shares: Vec<Share> =
        weights.iter().map(|&weight| Share::new(weight, i64::MAX)).collect();
    let sign = amount.signum();
    allocate(amount.saturating_abs(), &mut shares, Split::of(settings));
    shares.into_iter().map(|share| sign * share.part).collect()
}

/// How an amount is split.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split {
    pub remainder: Remainder,
    pub zero_weights: ZeroWeights,
    pub overflow: FloorOverflow,
}

impl Split {
    pub fn of(settings: &Settings) -> Self {
        Self {
            remainder: settings.remainder,
            zero_weights: settings.zero_weights,
            overflow: settings.floor_overflow,
        }
    }
}

/// Who takes part: a weight, and how much fits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub weight: i64,
    pub room: i64,
    /// What it got.
    pub part: i64,
}

impl Share {
    pub fn new(weight: i64, room: i64) -> Self {
        Self { weight: weight.max(0), room: room.max(0), part: 0 }
    }
}

/// Splits an amount, at least 0, by weights, none above its room. What one cannot take others take, as long
/// as there is room; gives what was split.
pub(crate) fn allocate(amount: i64, shares: &mut [Share], split: Split) -> i64 {
    let room: i128 = shares.iter().map(|share| i128::from(share.room)).sum();
    let amount = i64::try_from(i128::from(amount.max(0)).min(room)).unwrap_or(i64::MAX);
    if let [only] = shares {
        if only.weight > 0 || split.zero_weights == ZeroWeights::Even {
            only.part = amount;
        }
        return only.part;
    }
    if split.overflow == FloorOverflow::Lose {
        apportion(amount, shares, split, |_| true);
        for share in shares.iter_mut() {
            share.part = share.part.min(share.room);
        }
        return shares.iter().map(|share| share.part).sum();
    }
    // Whoever would get more than his room gets his room; the rest is split among the others anew.
    let mut full = vec![false; shares.len()];
    let mut left = amount;
    loop {
        if apportion(left, shares, split, |at| !full[at]) == 0 {
            break;
        }
        let mut any = false;
        for (at, share) in shares.iter_mut().enumerate() {
            if !full[at] && share.part > share.room {
                share.part = share.room;
                full[at] = true;
                left -= share.room;
                any = true;
            }
        }
        if !any {
            break;
        }
    }
    shares.iter().map(|share| share.part).sum()
}

/// Splits an amount by the weights of those that take part, whatever their room; gives what was split.
fn apportion(
    amount: i64,
    shares: &mut [Share],
    split: Split,
    takes_part: impl Fn(usize) -> bool,
) -> i64 {
    let mut whole: i128 = 0;
    let (mut count, mut last) = (0_i128, None);
    for (at, share) in shares.iter_mut().enumerate().filter(|(at, _)| takes_part(*at)) {
        whole += i128::from(share.weight);
        count += 1;
        share.part = 0;
        last = Some(at);
    }
    let even = whole == 0;
    let Some(last) = last.filter(|_| !even || split.zero_weights == ZeroWeights::Even) else {
        return 0;
    };
    let (whole, weight) = if even { (count, None) } else { (whole, Some(())) };
    let weight_of = |share: &Share| weight.map_or(1, |()| i128::from(share.weight));
    let exact = |share: &Share| (i128::from(amount) * weight_of(share), whole);
    let mut split_so_far: i64 = 0;
    for (at, share) in shares.iter_mut().enumerate() {
        if !takes_part(at) {
            continue;
        }
        let (numerator, whole) = exact(share);
        let part = match split.remainder {
            Remainder::Largest | Remainder::Last => numerator / whole,
            // Half a minor unit is rounded down, so that what is missing is never less than nothing often.
            Remainder::First => (2 * numerator + whole - 1) / (2 * whole),
        };
        share.part = part as i64;
        split_so_far += share.part;
    }
    let missing = amount - split_so_far;
    match split.remainder {
        Remainder::Last => shares[last].part += missing,
        Remainder::First => {
            let step = missing.signum();
            let mut left = missing.abs();
            for (at, share) in shares.iter_mut().enumerate() {
                if left > 0
                    && takes_part(at)
                    && (even || share.weight > 0)
                    && share.part + step >= 0
                {
                    share.part += step;
                    left -= 1;
                }
            }
        }
        Remainder::Largest if missing > 0 => {
            let lost = |share: &Share| {
                let (numerator, whole) = exact(share);
                numerator % whole
            };
            let mut by_loss: Vec<usize> = (0..shares.len()).filter(|at| takes_part(*at)).collect();
            by_loss.sort_by_key(|&at| std::cmp::Reverse(lost(&shares[at])));
            for at in by_loss.into_iter().take(missing as usize) {
                shares[at].part += 1;
            }
        }
        Remainder::Largest => {}
    }
    amount
}

/// `amount` × `bps` / 10 000, half up; both at least 0.
pub(crate) fn share_of(amount: i64, bps: i64) -> i64 {
    if amount <= i64::MAX / 20_000 && bps <= 10_000 {
        return (amount * bps + 5_000) / 10_000;
    }
    let part = (i128::from(amount) * i128::from(bps) + 5_000) / 10_000;
    i64::try_from(part).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(remainder: Remainder, amount: i64, weights: &[i64], parts: &[i64]) {
        let settings = Settings { remainder, ..Settings::default() };
        let found = split(amount, weights, &settings);
        assert_eq!(found, parts, "{remainder:?} {amount} over {weights:?}");
    }

    #[test]
    fn who_gets_the_last_kopeck() {
        check(Remainder::Largest, 100, &[1, 1, 1], &[34, 33, 33]);
        check(Remainder::Last, 100, &[1, 1, 1], &[33, 33, 34]);
        check(Remainder::First, 100, &[1, 1, 1], &[34, 33, 33]);
        check(Remainder::Largest, 10, &[1, 0, 3], &[3, 0, 7]);
        check(Remainder::Largest, 7, &[0, 0], &[0, 0]);
        check(Remainder::First, 5, &[3], &[5]);
        check(Remainder::Last, 0, &[3, 4], &[0, 0]);
        check(Remainder::Largest, -100, &[1, 1, 1], &[-34, -33, -33]);
        check(Remainder::Largest, i64::MAX, &[1, 1], &[i64::MAX / 2 + 1, i64::MAX / 2]);
    }
}
