//! Which addresses messages may be sent to: not to this machine and its neighbours, of which somebody
//! outside could learn or whom he could command through us.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use url::{Host, Url};

/// Understands an address; an error says why it is refused.
pub(super) fn understood(text: &str, allow_private: bool) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("it is no address: {error}"))?;
    let schemes: &[&str] = if allow_private { &["https", "http"] } else { &["https"] };
    if !schemes.contains(&url.scheme()) {
        return Err(format!("it must begin with {}://", schemes.join(":// or ")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a name or password must not stand in it: messages are signed".to_owned());
    }
    if url.fragment().is_some() {
        return Err("a part after # means nothing here".to_owned());
    }
    let literal = match url.host() {
        None => return Err("it names no host".to_owned()),
        Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
        Some(Host::Domain(_)) => None,
    };
    match literal {
        Some(ip) if !allow_private && !is_public(ip) => Err(not_public()),
        _ => Ok(url),
    }
}

/// Where a host is now. A message goes to one of these and nowhere else, so that a name which means
/// something else a moment later leads nobody astray.
pub(super) fn resolved(url: &Url, allow_private: bool) -> Result<Vec<SocketAddr>, String> {
    let host = url.host().ok_or("it names no host")?;
    let port = url.port_or_known_default().ok_or("it names no port")?;
    let found: Vec<SocketAddr> = match host {
        Host::Ipv4(ip) => vec![(ip, port).into()],
        Host::Ipv6(ip) => vec![(ip, port).into()],
        Host::Domain(name) => (name, port)
            .to_socket_addrs()
            .map_err(|_| format!("the host {name} is not found"))?
            .collect(),
    };
    if found.is_empty() {
        return Err("the host has no address".to_owned());
    }
    // One bad address among good ones is no accident.
    if !allow_private && found.iter().any(|address| !is_public(address.ip())) {
        return Err(not_public());
    }
    Ok(found)
}

fn not_public() -> String {
    "its address is not a public one: this machine, a private network or one reserved; \
     `allow_private` in [webhooks] permits it"
        .to_owned()
}

/// Whether an address is one of the public Internet, by the registries of special addresses (RFC 6890
/// and what came after it).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let special: &[([u8; 4], u32)] = &[
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        // Behind a provider's translation of addresses.
        ([100, 64, 0, 0], 10),
        ([127, 0, 0, 0], 8),
        // Link-local; also where clouds keep their machines' secrets.
        ([169, 254, 0, 0], 16),
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        ([192, 0, 2, 0], 24),
        ([192, 88, 99, 0], 24),
        ([192, 168, 0, 0], 16),
        ([198, 18, 0, 0], 15),
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        // Many receivers, and everything reserved above.
        ([224, 0, 0, 0], 3),
    ];
    let bits = u32::from(ip);
    !special.iter().any(|(start, length)| {
        let start = u32::from(Ipv4Addr::from(*start));
        (bits ^ start) >> (32 - length) == 0
    })
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    let last_v4 = || {
        let [high, low] = [segments[6], segments[7]].map(u16::to_be_bytes);
        Ipv4Addr::new(high[0], high[1], low[0], low[1])
    };
    match segments {
        // An address of the old kind, written in the new one's way or behind a translation.
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => is_public_v4(last_v4()),
        // Public addresses are 2000::/3, but for what is set aside there:
        // tunnels and other protocols' own (2001::/23), 6to4, examples.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x2002, ..] => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_pass() {
        for (ip, public) in [
            ("8.8.8.8", true),
            ("1.1.1.1", true),
            ("172.15.255.255", true),
            ("172.32.0.1", true),
            ("100.63.255.255", true),
            ("100.128.0.1", true),
            ("223.255.255.255", true),
            ("0.0.0.0", false),
            ("0.1.2.3", false),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("127.0.0.1", false),
            ("127.255.0.1", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("192.0.0.1", false),
            ("192.168.1.1", false),
            ("198.19.0.1", false),
            ("203.0.113.9", false),
            ("224.0.0.1", false),
            ("240.0.0.1", false),
            ("255.255.255.255", false),
            ("2606:4700:4700::1111", true),
            ("2001:4860:4860::8888", true),
            ("::", false),
            ("::1", false),
            ("::7f00:1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:8.8.8.8", true),
            ("64:ff9b::10.0.0.1", false),
            ("64:ff9b::8.8.8.8", true),
            ("64:ff9b:1::1", false),
            ("100::1", false),
            ("2001::1", false),
            ("2001:db8::1", false),
            ("2002:7f00:1::", false),
            ("3fff::1", false),
            ("5f00::1", false),
            ("fc00::1", false),
            ("fd12::1", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
        ] {
            assert_eq!(is_public(ip.parse().unwrap()), public, "{ip}");
        }
    }

    #[test]
    fn an_address_is_one_that_a_message_may_go_to() {
        for (text, public, private) in [
            ("https://example.com/hook?x=1", true, true),
            ("https://8.8.8.8:8443/", true, true),
            ("http://example.com/", false, true),
            ("https://127.0.0.1/", false, true),
            // All of these are 127.0.0.1 in one spelling or another.
            ("https://2130706433/", false, true),
            ("https://0x7f.1/", false, true),
            ("https://0177.0.0.1/", false, true),
            ("https://127。0。0。1/", false, true),
            ("https://[::ffff:7f00:1]/", false, true),
            ("https://[::1]/", false, true),
            ("https://a:b@example.com/", false, false),
            ("https://example.com/#x", false, false),
            ("ftp://example.com/", false, false),
            ("file:///etc/passwd", false, false),
            ("https:///", false, false),
            ("example.com", false, false),
            ("", false, false),
        ] {
            assert_eq!(understood(text, false).is_ok(), public, "{text}");
            assert_eq!(understood(text, true).is_ok(), private, "{text} with allow_private");
        }
    }

    #[test]
    fn a_name_of_this_machine_is_refused_when_it_is_resolved() {
        let url = Url::parse("https://localhost/").unwrap();
        assert!(resolved(&url, false).is_err());
        assert!(resolved(&url, true).unwrap().iter().all(|address| address.port() == 443));
    }
}
