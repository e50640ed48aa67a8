//! How often somebody may ask: per client address, per API key, and per card number, so that nobody
//! drains the server or tries card numbers one after the other. Signing in is limited more narrowly, per
//! address and per name, whether anybody has the name or not.
//!
//! A limiter remembers at most [`SLOTS`] names: a name is hashed, with a secret of the process, into a
//! slot, and two names that share one share its allowance. So no flood of names makes it grow, and
//! nobody can choose whom he shares with. Slots that are full again are dropped every minute.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::problem::{Code, Problem};

/// Most names a limiter remembers.
pub const SLOTS: u64 = 1 << 20;

const SWEEP_EVERY_MS: u64 = 60_000;

/// The window of every limit.
const WINDOW: Duration = Duration::from_secs(60);

type Inner = RateLimiter<u32, HashMapStateStore<u32>, MonotonicClock, StateInformationMiddleware>;

/// The limits of a server; one that is absent does not limit.
#[derive(Debug, Default)]
pub struct Limits {
    address: Option<Limiter>,
    key: Option<Limiter>,
    card: Option<Limiter>,
    sign_in_address: Option<Limiter>,
    sign_in_name: Option<Limiter>,
}

/// Requests a minute; none means no limit.
#[derive(Clone, Copy, Debug)]
pub struct Allowances {
    /// Of one client address (an IPv6 network of 64 bits counts as one).
    pub address: Option<NonZeroU32>,
    /// Of one API key or session.
    pub key: Option<NonZeroU32>,
    /// Questions about one card number, whoever asks.
    pub card: Option<NonZeroU32>,
    /// Attempts to be let in from one client address, and by one name.
    pub sign_in: Option<NonZeroU32>,
}

impl Default for Allowances {
    fn default() -> Self {
        Self {
            address: NonZeroU32::new(6_000),
            key: NonZeroU32::new(12_000),
            card: NonZeroU32::new(60),
            sign_in: NonZeroU32::new(30),
        }
    }
}

impl Limits {
    /// Limits of these allowances.
    #[must_use]
    pub fn new(allowances: Allowances) -> Self {
        let limiter = |name, requests: Option<_>| requests.map(|r| Limiter::new(name, r));
        Self {
            address: limiter("address", allowances.address),
            key: limiter("key", allowances.key),
            card: limiter("card", allowances.card),
            sign_in_address: limiter("sign-in-address", allowances.sign_in),
            sign_in_name: limiter("sign-in-name", allowances.sign_in),
        }
    }

    /// Takes one request of a client address.
    pub fn take_address(&self, address: IpAddr) -> Taken {
        take(self.address.as_ref(), network(address))
    }

    /// Takes one request of a caller.
    pub fn take_key(&self, caller: &str) -> Taken {
        take(self.key.as_ref(), caller)
    }

    /// Takes one question about a card number; a handler calls it before it looks the number up, whether
    /// the card exists or not.
    ///
    /// # Errors
    /// 429 when there were too many.
    pub fn take_card(&self, number: &str) -> Result<(), Problem> {
        take(self.card.as_ref(), number).map(|_| ()).map_err(|standing| standing.problem())
    }

    /// Takes one attempt to be let in from a client address.
    pub fn take_sign_in(&self, address: IpAddr) -> Taken {
        take(self.sign_in_address.as_ref(), network(address))
    }

    /// Takes one attempt by a name, before anybody looks whether there is such a one.
    ///
    /// # Errors
    /// 429 when there were too many.
    pub fn take_name(&self, name: &str) -> Result<(), Problem> {
        take(self.sign_in_name.as_ref(), name).map(|_| ()).map_err(|standing| standing.problem())
    }
}

/// How a limit stands after a request; an error when the request is one too many.
pub type Taken = Result<Option<Standing>, Standing>;

fn take(limiter: Option<&Limiter>, name: impl Hash) -> Taken {
    limiter.map(|limiter| limiter.take(name)).transpose()
}

/// One client of IPv6 has at least a network of 64 bits to himself.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            [a, b, c, d, 0, 0, 0, 0].into()
        }
    }
}

/// How a limit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// `address`, `key`, `card`, `sign-in-address` or `sign-in-name`.
    pub name: &'static str,
    /// Requests of a window.
    pub quota: u32,
    /// Requests left now.
    pub remaining: u32,
    /// Seconds until one more is allowed, if none is left; else until all are.
    pub reset_s: u32,
}

impl Standing {
    /// The answer to one request too many.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let detail = format!(
            "more than {} requests in {} s of one {}",
            self.quota,
            WINDOW.as_secs(),
            self.name
        );
        Problem::new(Code::TooMany, detail).retry_after(self.reset_s.max(1))
    }
}

/// Adds `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10).
pub fn write_headers(standings: &[Standing], headers: &mut HeaderMap) {
    if standings.is_empty() {
        return;
    }
    let list = |one: &dyn Fn(&Standing) -> String| {
        standings.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let policy = list(&|s| format!("\"{}\";q={};w={}", s.name, s.quota, WINDOW.as_secs()));
    let limit = list(&|s| format!("\"{}\";r={};t={}", s.name, s.remaining, s.reset_s));
    for (name, value) in [("ratelimit-policy", policy), ("ratelimit", limit)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

#[derive(Debug)]
struct Limiter {
    name: &'static str,
    quota: NonZeroU32,
    inner: Inner,
    secret: RandomState,
    began: Instant,
    swept_ms: AtomicU64,
}

impl Limiter {
    fn new(name: &'static str, quota: NonZeroU32) -> Self {
        // The whole window's requests may come at once, and come back evenly over the window.
        let inner = RateLimiter::hashmap(Quota::per_minute(quota))
            .with_middleware::<StateInformationMiddleware>();
        let (secret, began) = (RandomState::new(), Instant::now());
        Self { name, quota, inner, secret, began, swept_ms: AtomicU64::new(0) }
    }

    fn take(&self, name: impl Hash) -> Result<Standing, Standing> {
        self.sweep();
        let slot = (self.secret.hash_one(name) % SLOTS) as u32;
        let (name, quota) = (self.name, self.quota.get());
        let standing = |remaining, reset_s| Standing { name, quota, remaining, reset_s };
        match self.inner.check_key(&slot) {
            Ok(snapshot) => {
                let remaining = snapshot.remaining_burst_capacity();
                let missing = u64::from(quota.saturating_sub(remaining));
                let reset_s = (missing * WINDOW.as_secs()).div_ceil(quota.into());
                Ok(standing(remaining, reset_s as u32))
            }
            Err(until) => {
                let wait = until.wait_time_from(MonotonicClock.now());
                Err(standing(0, wait.as_secs_f64().ceil() as u32))
            }
        }
    }

    fn sweep(&self) {
        let (now, swept) =
            (self.began.elapsed().as_millis() as u64, self.swept_ms.load(Ordering::Relaxed));
        let due = now >= swept + SWEEP_EVERY_MS;
        let mine = due
            && self
                .swept_ms
                .compare_exchange(swept, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if mine {
            self.inner.retain_recent();
            self.inner.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(requests: u32) -> Limits {
        let requests = NonZeroU32::new(requests);
        Limits::new(Allowances {
            address: requests,
            key: requests,
            card: requests,
            sign_in: requests,
        })
    }

    #[test]
    fn a_name_has_its_own_allowance() {
        let limits = limits(3);
        let left: Vec<_> =
            (0..4).map(|_| limits.take_key("a").map(|s| s.unwrap().remaining)).collect();
        assert_eq!(left[..3], [Ok(2), Ok(1), Ok(0)]);
        let refused = left[3].expect_err("the fourth");
        assert_eq!((refused.name, refused.quota, refused.remaining), ("key", 3, 0));
        assert!((1..=20).contains(&refused.reset_s), "{refused:?}");
        assert!(limits.take_key("b").is_ok());
        let problem = (0..4).find_map(|_| limits.take_card("4600").err()).expect("too many");
        assert_eq!((problem.code, problem.retry_after_s), (Code::TooMany, Some(20)));
    }

    #[test]
    fn neighbours_of_one_network_count_as_one_client() {
        let limits = limits(2);
        let took =
            ["2001:db8::1", "2001:db8::2", "2001:db8::ffff", "2001:db8:0:1::1", "::ffff:10.0.0.1"]
                .map(|address| limits.take_address(address.parse().unwrap()).is_ok());
        assert_eq!(took, [true, true, false, true, true]);
    }

    #[test]
    fn without_an_allowance_nothing_is_limited_or_said() {
        let limits =
            Limits::new(Allowances { address: None, key: None, card: None, sign_in: None });
        assert!((0..100).all(|_| limits.take_card("1").is_ok()));
        assert_eq!(limits.take_key("a"), Ok(None));
        let mut headers = HeaderMap::new();
        write_headers(&[], &mut headers);
        assert!(headers.is_empty());
    }

    #[test]
    fn a_flood_of_names_does_not_make_it_grow() {
        let limiter = Limiter::new("address", NonZeroU32::new(60_000_000).unwrap());
        for name in 0..3 * SLOTS {
            limiter.take(name).unwrap();
        }
        assert!(limiter.inner.len() as u64 <= SLOTS);
        std::thread::sleep(Duration::from_millis(5));
        limiter.inner.retain_recent();
        assert_eq!(limiter.inner.len(), 0, "names that are whole again are dropped");
    }
}
