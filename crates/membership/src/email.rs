//! E-mail addresses, parsed at the door.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::text::{canonical, mixes_scripts};

/// An e-mail address as it was typed, for sending: only its domain, where case means nothing, is
/// written in small letters. Two addresses are one mailbox when their [`Email::key`] is. It never shows
/// itself in a log: `Debug` masks it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// That a text is no e-mail address. It never repeats the text, which may end up in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no e-mail address: it would look like name@example.com")]
pub struct EmailProblem;

/// Longest local part, in bytes (RFC 5321, section 4.5.3.1.1).
const LOCAL_MAX: usize = 64;
/// Longest address, in bytes (RFC 5321, section 4.5.3.1.3, less its two brackets).
const WHOLE_MAX: usize = 254;
/// Longest label of a domain, in bytes (RFC 1035, section 2.3.4).
const LABEL_MAX: usize = 63;

impl Email {
    /// Reads an address: blanks around it are dropped. The local part is a dot-atom (RFC 5322, section
    /// 3.2.3), without quotes; the domain has a dot. Both may have letters beyond ASCII (RFC 6531), of
    /// one script in the local part and in each label: an а from another keyboard is a mistake, or worse.
    ///
    /// # Errors
    ///
    /// If the text is anything else.
    pub fn parse(text: &str) -> Result<Self, EmailProblem> {
        let text = canonical(text, WHOLE_MAX).map_err(|_| EmailProblem)?;
        let (local, domain) = text.split_once('@').ok_or(EmailProblem)?;
        let domain = lowered(domain);
        let whole = format!("{local}@{domain}");
        let good = whole.len() <= WHOLE_MAX && is_local(local) && is_domain(&domain);
        if good { Ok(Self(whole)) } else { Err(EmailProblem) }
    }

    /// The address as text, for sending.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the address is found by: without regard to case and to forms that only look different
    /// (NFKC). Servers may tell capitals apart by the letter of RFC 5321; none that serves customers does.
    #[must_use]
    pub fn key(&self) -> String {
        lowered(&self.0)
    }

    /// The address as it may be shown: `i***@e***.com`.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.split_once('@').unwrap_or_default();
        let (host, zone) = domain.rsplit_once('.').unwrap_or_default();
        let first = |text: &str| text.chars().next().map_or_else(String::new, String::from);
        format!("{}***@{}***.{zone}", first(local), first(host))
    }
}

/// In small letters, composed for compatibility. Not folded by way of capitals: the domains with ß and
/// with ss are two.
fn lowered(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

fn is_local(local: &str) -> bool {
    let atom = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    local.len() <= LOCAL_MAX
        && local.split('.').all(|part| !part.is_empty() && part.chars().all(atom))
        && local.nfkc().eq(local.chars())
        && !mixes_scripts(local)
}

fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=LABEL_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !mixes_scripts(label)
    };
    // The last label of an address on the internet is never a number (RFC 3696, section 2).
    let zone = domain.rsplit_once('.').map(|(_, zone)| zone);
    domain.split('.').all(label) && zone.is_some_and(|zone| zone.chars().any(char::is_alphabetic))
}

impl TryFrom<String> for Email {
    type Error = EmailProblem;

    fn try_from(text: String) -> Result<Self, EmailProblem> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Email({})", self.masked())
    }
}
