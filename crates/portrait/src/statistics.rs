//! The few statistics of the notation, over integers for as long as possible.

/// Quantile `numerator / denominator` of sorted integers, by linear interpolation between the
/// neighbours of place (n − 1)·p (type 7 of Hyndman and Fan); nothing for an empty slice.
pub(crate) fn quantile(sorted: &[i64], numerator: usize, denominator: usize) -> Option<f64> {
    let place = sorted.len().checked_sub(1)? * numerator;
    let (low, rest) = (place / denominator, place % denominator);
    let value = sorted[low] as f64;
    if rest == 0 {
        return Some(value);
    }
    let step = (sorted[low + 1] - sorted[low]) as f64;
    Some(value + step * (rest as f64 / denominator as f64))
}

/// Count, sum and sum of squares of integers: what mean and standard deviation need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moments {
    pub count: i64,
    pub sum: i64,
    squares: i128,
}

impl Moments {
    pub fn of(values: impl IntoIterator<Item = i64>) -> Self {
        let mut moments = Self::default();
        for value in values {
            moments.count += 1;
            moments.sum += value;
            moments.squares += i128::from(value) * i128::from(value);
        }
        moments
    }

    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// n·Σx² − (Σx)²: n(n − 1) times the sample variance, exactly.
    pub fn scatter(&self) -> i128 {
        i128::from(self.count) * self.squares - i128::from(self.sum) * i128::from(self.sum)
    }

    /// Sample standard deviation; nothing for fewer than two values.
    pub fn deviation(&self) -> Option<f64> {
        let pairs = self.count * (self.count - 1);
        (self.count > 1).then(|| (self.scatter() as f64 / pairs as f64).sqrt())
    }
}

/// Entropy-based clumpiness of visits within a window of `window` days (Zhang, Bradlow and Small,
/// Marketing Science 34 (2), 2015): 0 for evenly spaced visits, 1 for visits in one clump. `days`
/// are the places of the days of visit, 1 to `window`, ascending; nothing without any.
pub(crate) fn clumpiness(days: impl IntoIterator<Item = i32>, window: i32) -> Option<f64> {
    let length = f64::from(window + 1);
    let (mut count, mut last, mut sum) = (0, 0, 0.0);
    let mut pause = |from: i32, to: i32| {
        let share = f64::from(to - from) / length;
        sum += share * share.ln();
    };
    for day in days {
        pause(last, day);
        last = day;
        count += 1;
    }
    pause(last, window + 1);
    (count > 0).then(|| 1.0 + sum / f64::from(count + 1).ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        for (sorted, (numerator, denominator), expected) in [
            (&[][..], (1, 2), None),
            (&[7], (9, 10), Some(7.0)),
            (&[1, 2], (1, 2), Some(1.5)),
            (&[1, 2, 10], (1, 2), Some(2.0)),
            (&[0, 10, 20, 30, 40], (9, 10), Some(36.0)),
            (&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], (9, 10), Some(9.0)),
            (&[0, 10, 20, 30, 40], (1, 4), Some(10.0)),
        ] {
            assert_eq!(quantile(sorted, numerator, denominator), expected, "{sorted:?}");
        }
    }

    #[test]
    fn deviation_is_that_of_a_sample() {
        assert_eq!(Moments::of([3]).deviation(), None);
        assert_eq!(Moments::of([3, 3, 3]).scatter(), 0);
        assert_eq!(Moments::of([2, 4, 6]).deviation(), Some(2.0));
        assert_eq!(Moments::of([]).mean(), None);
    }

    #[test]
    fn clumpiness_is_as_published() {
        for (days, expected) in [
            ([1, 6, 11, 16, 21, 26], 0.036),
            ([2, 3, 4, 27, 28, 29], 0.477),
            ([13, 14, 15, 16, 17, 18], 0.341),
        ] {
            let value = clumpiness(days, 30).unwrap();
            assert!((value - expected).abs() < 5e-4, "{days:?}: {value}");
        }
        assert_eq!(clumpiness([], 30), None);
    }
}
