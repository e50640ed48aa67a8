//! Codes of a device (RFC 6238): six digits of thirty seconds, from HMAC-SHA-1, which is what all
//! devices know; one step to either side is taken, and each code once.

use retail::Instant;
use store::Secret;
use totp_rs::{Builder, Secret as Shared, Totp};

use super::token;
use crate::Refused;

/// 160 bits, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;
const ISSUER: &str = "Proffer";

/// A new secret, in base 32.
pub(super) fn new_secret() -> Result<Secret, Refused> {
    Ok(Secret::new(Shared::from(token::random(SECRET_BYTES)?).to_base32()))
}

/// What a device reads, as a link or a picture of it.
pub(super) fn uri(id: &str, secret: &Secret) -> Secret {
    let secret = secret.expose();
    Secret::new(format!("otpauth://totp/{ISSUER}:{id}?secret={secret}&issuer={ISSUER}"))
}

/// The step whose code it is, if it is one near a moment.
pub(super) fn step(secret: &Secret, code: &Secret, at: Instant) -> Result<Option<i64>, Refused> {
    let seconds = u64::try_from(at.0 / 1_000_000).unwrap_or_default();
    let step = totp(secret)?.check(code.expose(), seconds);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

fn totp(secret: &Secret) -> Result<Totp, Refused> {
    let broken = || Refused::Broken { why: "the secret of a device cannot be read".to_owned() };
    let shared = Shared::try_from_base32(secret.expose()).map_err(|_| broken())?;
    Builder::new().with_secret(shared).build().map_err(|_| broken())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = Secret::new(Shared::from(b"12345678901234567890".to_vec()).to_base32());
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let good = |seconds: i64, code: &str| {
                step(&secret, &Secret::new(code), Instant(seconds * 1_000_000)).unwrap()
            };
            assert_eq!(good(seconds, code), Some(seconds / 30), "at {seconds}");
            assert_eq!(good(seconds + 30, code), Some(seconds / 30), "a step later");
            assert_eq!(good(seconds + 90, code), None, "three steps later");
            assert_eq!(good(seconds, &code[..5]), None);
            assert_eq!(good(seconds, &format!("+{}", &code[1..])), None);
        }
    }

    #[test]
    fn a_new_secret_is_long_and_its_own() {
        let (a, b) = (new_secret().unwrap(), new_secret().unwrap());
        assert_eq!(a.expose().len(), 32);
        assert_ne!(a.expose(), b.expose());
    }
}
