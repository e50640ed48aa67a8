//! Numbers as feeds write them, to integers: never through a float where the text is exact.

/// Amounts beyond this, in the smallest unit, are read as mistakes: sums over millions of them
/// still fit 64 bits.
pub(crate) const AMOUNT_MAX: i64 = 1_000_000_000_000_000;

/// Why a number was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    NotANumber,
    TooLarge,
}

/// Reads a decimal number and keeps `places` digits after its decimal mark, the rest rounded half
/// away from zero. Thousands may be set apart by any kind of space; the minus may be typographic.
pub(crate) fn parse(text: &str, mark: u8, places: u32) -> Result<i64, Wrong> {
    parse_any(text, mark, places).and_then(bounded)
}

/// A count since some moment: like [`parse`], but of any size that fits.
pub(crate) fn parse_wide(text: &str, places: u32) -> Option<i64> {
    parse_any(text, b'.', places).ok()
}

/// Whether a number that can be read is exactly zero, however small the others are.
pub(crate) fn is_zero(text: &str) -> bool {
    let mut mantissa = text.bytes().take_while(|b| !matches!(b, b'e' | b'E'));
    mantissa.all(|b| !matches!(b, b'1'..=b'9'))
}

fn parse_any(text: &str, mark: u8, places: u32) -> Result<i64, Wrong> {
    let bytes = text.as_bytes();
    let (negative, bytes) = match bytes {
        [b'-', rest @ ..] | [0xE2, 0x88, 0x92, rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut value: i64 = 0;
    let mut at = 0;
    let mut any = false;
    let mut since_gap: Option<u32> = None;
    while let Some(&b) = bytes.get(at) {
        if b.is_ascii_digit() {
            value = push(value, b)?;
            any = true;
            since_gap = since_gap.map(|n| n + 1);
            at += 1;
        } else if let Some(width) =
            gap(&bytes[at..]).filter(|_| any && since_gap.is_none_or(|n| n == 3))
        {
            since_gap = Some(0);
            at += width;
        } else {
            break;
        }
    }
    if since_gap.is_some_and(|n| n != 3) {
        return Err(Wrong::NotANumber);
    }
    let mut rest = &bytes[at..];
    let mut round_up = false;
    let mut kept = 0;
    if let [first, fraction @ ..] = rest
        && *first == mark
    {
        let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
        any |= digits > 0;
        for &b in &fraction[..digits.min(places as usize)] {
            value = push(value, b)?;
            kept += 1;
        }
        round_up = fraction[..digits].get(places as usize).is_some_and(|&b| b >= b'5');
        rest = &fraction[digits..];
    }
    if !any {
        return Err(Wrong::NotANumber);
    }
    if !rest.is_empty() {
        return if matches!(rest, [b'e' | b'E', ..]) {
            scientific(text, mark, places)
        } else {
            Err(Wrong::NotANumber)
        };
    }
    for _ in kept..places {
        value = value.checked_mul(10).ok_or(Wrong::TooLarge)?;
    }
    value = value.checked_add(i64::from(round_up)).ok_or(Wrong::TooLarge)?;
    Ok(if negative { -value } else { value })
}

fn push(value: i64, digit: u8) -> Result<i64, Wrong> {
    value
        .checked_mul(10)
        .and_then(|value| value.checked_add(i64::from(digit - b'0')))
        .ok_or(Wrong::TooLarge)
}

/// The width of a space between thousands: plain, no-break, figure, thin, narrow no-break.
fn gap(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b' ', ..] => Some(1),
        [0xC2, 0xA0, ..] => Some(2),
        [0xE2, 0x80, 0x87 | 0x89 | 0xAF, ..] => Some(3),
        _ => None,
    }
}

/// `1.5E-05`, as some tools write very small and very large numbers.
fn scientific(text: &str, mark: u8, places: u32) -> Result<i64, Wrong> {
    let plain = text.replace(char::from(mark), ".");
    let known = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-');
    match plain.parse::<f64>() {
        Ok(number) if plain.bytes().all(known) => of_float(number, places),
        _ => Err(Wrong::NotANumber),
    }
}

/// A float, rounded half away from zero, to at most six places.
#[inline]
pub(crate) fn of_float(number: f64, places: u32) -> Result<i64, Wrong> {
    if !number.is_finite() {
        return Err(Wrong::NotANumber);
    }
    const UNITS: [f64; 7] = [1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6];
    let scaled = (number * UNITS[places as usize]).round();
    if scaled.abs() > AMOUNT_MAX as f64 {
        return Err(Wrong::TooLarge);
    }
    Ok(scaled as i64)
}

/// A whole number.
pub(crate) fn of_integer(number: i64, places: u32) -> Result<i64, Wrong> {
    number.checked_mul(10_i64.pow(places)).ok_or(Wrong::TooLarge).and_then(bounded)
}

/// A decimal of `scale` places and 64 bits: most need no rounding.
#[inline]
pub(crate) fn of_scaled(number: i64, scale: i8, places: u32) -> Result<i64, Wrong> {
    if i64::from(scale) == i64::from(places) {
        bounded(number)
    } else {
        of_decimal(i128::from(number), scale, places)
    }
}

/// A decimal of `scale` places, rounded half away from zero.
pub(crate) fn of_decimal(number: i128, scale: i8, places: u32) -> Result<i64, Wrong> {
    let shift = places as i32 - i32::from(scale);
    let value = if shift >= 0 {
        let factor = 10_i128.checked_pow(shift as u32).ok_or(Wrong::TooLarge)?;
        number.checked_mul(factor).ok_or(Wrong::TooLarge)?
    } else if shift < -38 {
        0
    } else {
        let divisor = 10_i128.pow(shift.unsigned_abs());
        let rest = (number % divisor).unsigned_abs();
        number / divisor
            + if rest >= divisor.unsigned_abs().div_ceil(2) { number.signum() } else { 0 }
    };
    i64::try_from(value).map_err(|_| Wrong::TooLarge).and_then(bounded)
}

fn bounded(value: i64) -> Result<i64, Wrong> {
    if (-AMOUNT_MAX..=AMOUNT_MAX).contains(&value) { Ok(value) } else { Err(Wrong::TooLarge) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_exact_integers() {
        use Wrong::{NotANumber, TooLarge};
        for (text, mark, places, expected) in [
            ("12.34", b'.', 2, Ok(1234)),
            ("12,34", b',', 2, Ok(1234)),
            ("12,34", b'.', 2, Err(NotANumber)),
            ("12.34", b',', 2, Err(NotANumber)),
            ("-0.5", b'.', 2, Ok(-50)),
            ("−7", b'.', 2, Ok(-700)),
            ("+7", b'.', 2, Ok(700)),
            (".5", b'.', 2, Ok(50)),
            ("5.", b'.', 2, Ok(500)),
            (".", b'.', 2, Err(NotANumber)),
            ("-", b'.', 2, Err(NotANumber)),
            ("1.005", b'.', 2, Ok(101)),
            ("-1.005", b'.', 2, Ok(-101)),
            ("1.00499999999999999999999", b'.', 2, Ok(100)),
            ("0.9999", b'.', 3, Ok(1000)),
            ("1 234 567,89", b',', 2, Ok(123_456_789)),
            ("1\u{a0}234,5", b',', 2, Ok(123_450)),
            ("1\u{202f}234", b',', 2, Ok(123_400)),
            ("12 34", b',', 2, Err(NotANumber)),
            ("1 2345", b',', 2, Err(NotANumber)),
            ("1 ", b',', 2, Err(NotANumber)),
            ("150", b'.', 0, Ok(150)),
            ("150.5", b'.', 0, Ok(151)),
            ("1e2", b'.', 2, Ok(10_000)),
            ("1E-05", b'.', 2, Ok(0)),
            ("1e", b'.', 2, Err(NotANumber)),
            ("1e999", b'.', 2, Err(NotANumber)),
            ("0x10", b'.', 2, Err(NotANumber)),
            ("NaN", b'.', 2, Err(NotANumber)),
            ("12руб", b'.', 2, Err(NotANumber)),
            ("99999999999999999999", b'.', 2, Err(TooLarge)),
            ("9999999999999999", b'.', 2, Err(TooLarge)),
            ("", b'.', 2, Err(NotANumber)),
        ] {
            assert_eq!(parse(text, mark, places), expected, "{text}");
        }
    }

    #[test]
    fn only_zero_is_zero() {
        for (text, expected) in
            [("0", true), ("-0.000", true), ("0e5", true), ("5.5e-17", false), ("0,004", false)]
        {
            assert_eq!(is_zero(text), expected, "{text}");
        }
    }

    #[test]
    fn typed_numbers_become_exact_integers() {
        assert_eq!(of_float(0.285, 2), Ok(28)); // 28.499999999999996
        assert_eq!(of_float(-2.5, 0), Ok(-3));
        assert_eq!(of_float(f64::NAN, 2), Err(Wrong::NotANumber));
        assert_eq!(of_float(1e300, 2), Err(Wrong::TooLarge));
        assert_eq!(of_decimal(12345, 3, 2), Ok(1235));
        assert_eq!(of_decimal(-12345, 3, 2), Ok(-1235));
        assert_eq!(of_decimal(12344, 3, 2), Ok(1234));
        assert_eq!(of_decimal(5, -2, 2), Ok(50_000));
        assert_eq!(of_decimal(i128::MAX, 0, 2), Err(Wrong::TooLarge));
        assert_eq!(of_integer(i64::MAX, 3), Err(Wrong::TooLarge));
    }
}
