//! Who really asks: the peer of the connection, unless it is a proxy that the operator named.
//!
//! Of a proxy's list of addresses the last one that is no proxy of ours counts, because a client can
//! write anything before it. A proxy writes `X-Forwarded-For` or `Forwarded` and passes the other on as
//! the client sent it, so where both stand and name different clients, neither is believed.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Proxies that are believed.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(pub Vec<IpNet>);

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The client's address, or the proxy's where it did not say.
    pub address: IpAddr,
    /// Whether nobody stands between: no header of a proxy, believed or not.
    pub direct: bool,
}

impl TrustedProxies {
    /// Who asks over a connection from `peer`.
    #[must_use]
    pub fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> Client {
        let peer = peer.ip().to_canonical();
        let passed = headers.contains_key(header::FORWARDED) || headers.contains_key(FORWARDED_FOR);
        if !passed || !self.trusts(peer) {
            return Client { address: peer, direct: !passed };
        }
        let by_for = self.last_stranger(&list(headers, &FORWARDED_FOR, address));
        let by_forwarded = self.last_stranger(&list(headers, &header::FORWARDED, forwarded));
        let address = match (by_for, by_forwarded) {
            (Some(one), Some(other)) if one != other => peer,
            (one, other) => one.or(other).unwrap_or(peer),
        };
        Client { address, direct: false }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The last address that is no proxy of ours; none where an entry before it cannot be read.
    fn last_stranger(&self, entries: &[Option<IpAddr>]) -> Option<IpAddr> {
        let stranger = |entry: &&Option<IpAddr>| entry.is_none_or(|address| !self.trusts(address));
        *entries.iter().rev().find(stranger)?
    }
}

fn list(
    headers: &HeaderMap,
    name: &HeaderName,
    read: fn(&str) -> Option<IpAddr>,
) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?"));
    lines.flat_map(|line| line.split(',')).map(|entry| read(entry.trim())).collect()
}

/// `for=` of one entry of RFC 7239.
fn forwarded(entry: &str) -> Option<IpAddr> {
    let pairs = entry.split(';').filter_map(|pair| pair.trim().split_once('='));
    let mut named = pairs.filter(|(name, _)| name.eq_ignore_ascii_case("for"));
    address(named.next()?.1.trim_matches('"'))
}

/// An address with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    bare.parse().or_else(|_| with_port()).ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_named_proxy_says_who_asks() {
        let trusted =
            TrustedProxies(vec!["10.0.0.0/8".parse().unwrap(), "127.0.0.1/32".parse().unwrap()]);
        for (peer, headers, expected) in [
            ("9.9.9.9:1", &[][..], "9.9.9.9 direct"),
            ("9.9.9.9:1", &[("x-forwarded-for", "1.1.1.1")], "9.9.9.9"),
            ("10.0.0.1:1", &[("x-forwarded-for", "1.1.1.1")], "1.1.1.1"),
            ("10.0.0.1:1", &[("x-forwarded-for", "6.6.6.6, 1.1.1.1, 10.0.0.2")], "1.1.1.1"),
            (
                "10.0.0.1:1",
                &[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "1.1.1.1")],
                "1.1.1.1",
            ),
            ("10.0.0.1:1", &[("x-forwarded-for", "1.1.1.1, unknown")], "10.0.0.1"),
            (
                "10.0.0.1:1",
                &[("forwarded", "for=6.6.6.6, for=\"[2001:db8::1]:99\";proto=https")],
                "2001:db8::1",
            ),
            (
                "10.0.0.1:1",
                &[("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "1.1.1.1")],
                "10.0.0.1",
            ),
            (
                "10.0.0.1:1",
                &[("forwarded", "for=1.1.1.1:80"), ("x-forwarded-for", "1.1.1.1")],
                "1.1.1.1",
            ),
            ("10.0.0.1:1", &[("x-forwarded-for", "127.0.0.1")], "10.0.0.1"),
            ("127.0.0.1:1", &[], "127.0.0.1 direct"),
            ("[::ffff:10.0.0.1]:1", &[("x-forwarded-for", "1.1.1.1")], "1.1.1.1"),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, value.parse().unwrap());
            }
            let client = trusted.client(peer.parse().unwrap(), &map);
            let direct = if client.direct { " direct" } else { "" };
            assert_eq!(format!("{}{direct}", client.address), expected, "{peer} {headers:?}");
        }
    }
}
