//! Codes of coupons: 80 random bits in Crockford's base 32, with his control sign behind them.
//!
//! The alphabet has no I, L, O and U, and readers take I and L for 1 and O for 0, so that a code can be
//! read aloud. The control sign is the remainder of the number by 37: one wrong sign, or two neighbours
//! changed for each other, are noticed.

use crate::{Refused, sha256_hex};

const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// The control sign may be one of five more.
const CONTROL: &[u8; 37] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";
const RANDOM_BYTES: usize = 10;
/// Fewer bits could be guessed.
const _: () = assert!(RANDOM_BYTES * 8 >= 80);
const RANDOM_SIGNS: usize = RANDOM_BYTES * 8 / 5;
/// Signs of a code that nobody can guess, the control sign among them.
pub(super) const SIGNS_SECRET: usize = RANDOM_SIGNS + 1;
/// Longest text that can be a code.
const CHARS_MAX: usize = 64;

/// A new code, as it is printed: `4CFH-0ZK8-MWTQ-6J1S-P`.
pub(super) fn fresh() -> Result<String, Refused> {
    let mut random = [0; RANDOM_BYTES];
    getrandom::fill(&mut random).map_err(|error| Refused::Broken {
        why: format!("the system gives no random numbers: {error}"),
    })?;
    Ok(printed(&random))
}

fn printed(random: &[u8; RANDOM_BYTES]) -> String {
    let number = random.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    let mut text = String::with_capacity(SIGNS_SECRET + 4);
    for place in (0..RANDOM_SIGNS).rev() {
        let sign = (number >> (5 * place)) % 32;
        text.push(char::from(SIGNS[sign as usize]));
        if place % 4 == 0 {
            text.push('-');
        }
    }
    text.push(char::from(CONTROL[(number % 37) as usize]));
    text
}

/// What a code is called where whoever reads it may not use it: its last signs. Nothing of one that is public.
pub(crate) fn masked(typed: &str) -> Option<String> {
    let code = understood(typed).filter(|code| code.len() == SIGNS_SECRET && is_sound(code))?;
    Some(format!("…{}", end(&code)))
}

/// A code as it is looked for, however it was typed; nothing where it can be none.
pub(super) fn understood(typed: &str) -> Option<String> {
    if typed.chars().count() > CHARS_MAX {
        return None;
    }
    let signs = typed.chars().filter(|sign| !sign.is_whitespace() && *sign != '-');
    let code: String = signs.flat_map(char::to_uppercase).map(alike).collect();
    (!code.is_empty()).then_some(code)
}

fn alike(sign: char) -> char {
    match sign {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    }
}

/// Whether a code of that many signs can be one of those that [`fresh`] makes: whoever guesses does not
/// even reach the database 36 times of 37.
pub(super) fn is_sound(code: &str) -> bool {
    let signs = code.as_bytes();
    if signs.len() != SIGNS_SECRET {
        return true;
    }
    let value = |alphabet: &[u8], sign: u8| alphabet.iter().position(|known| *known == sign);
    let mut number = 0_u128;
    for sign in &signs[..RANDOM_SIGNS] {
        let Some(value) = value(SIGNS, *sign) else { return false };
        number = number << 5 | value as u128;
    }
    value(CONTROL, signs[RANDOM_SIGNS]) == Some((number % 37) as usize)
}

/// The hash that is kept. No salt and no work: nobody guesses 80 random bits, and a public code is no
/// secret.
pub(super) fn sha256(code: &str) -> String {
    sha256_hex(code.as_bytes())
}

/// The last signs of a code, for who asks about one.
pub(super) fn end(code: &str) -> String {
    let signs = code.chars().count();
    code.chars().skip(signs.saturating_sub(4)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = printed(&[0x21, 0x7c, 0x3f, 0, 0xff, 0x10, 9, 0x80, 0x55, 0xaa]);
        assert_eq!(code.len(), 21, "{code}");
        let plain = understood(&code).unwrap();
        for typed in [
            code.to_lowercase(),
            code.replace('-', ""),
            code.replace('-', " "),
            code.replace('0', "o").replace('1', "i"),
            format!(" {} ", code.replace('1', "l")),
        ] {
            assert_eq!(understood(&typed).as_ref(), Some(&plain), "{typed}");
        }
        assert_eq!(understood(" - "), None);
        assert_eq!(understood(&"A".repeat(65)), None);
    }

    #[test]
    fn a_mistyped_code_is_noticed() {
        let plain = understood(&fresh().unwrap()).unwrap();
        assert!(is_sound(&plain), "{plain}");
        let signs: Vec<char> = plain.chars().collect();
        for place in 0..RANDOM_SIGNS {
            for sign in
                SIGNS.iter().map(|sign| char::from(*sign)).filter(|sign| *sign != signs[place])
            {
                let mut wrong = signs.clone();
                wrong[place] = sign;
                let wrong: String = wrong.into_iter().collect();
                assert!(!is_sound(&wrong), "{plain} {wrong}");
            }
            let mut swapped = signs.clone();
            swapped.swap(place, place + 1);
            let swapped: String = swapped.into_iter().collect();
            let neighbours_differ = swapped != plain && place + 1 < RANDOM_SIGNS;
            assert!(!neighbours_differ || !is_sound(&swapped), "{plain} {swapped}");
        }
    }

    #[test]
    fn codes_have_all_their_bits() {
        assert_eq!(printed(&[0; 10]), "0000-0000-0000-0000-0");
        assert!(printed(&[0xff; 10]).starts_with("ZZZZ-ZZZZ-ZZZZ-ZZZZ-"));
    }
}
