//! Whose request it is: the peer's address, or what a trusted proxy says about it.

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// A chain of more proxies is no honest one; the rest of the header is not read.
const HOPS_MAX: usize = 32;

/// The client's address.
///
/// Every proxy appends the address it got the request from, so the header is read from its end: the first address
/// that is not itself a trusted proxy is the client's, and whatever stands before it the client may have made up.
pub(super) fn find(trusted: &[IpNet], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let mut address = peer.to_canonical();
    let values: Vec<&str> =
        headers.get_all(X_FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok()).collect();
    let hops = values.iter().rev().flat_map(|value| value.rsplit(','));
    for hop in hops.take(HOPS_MAX) {
        if !trusted.iter().any(|range| range.contains(&address)) {
            return address;
        }
        let Some(previous) = parse(hop.trim()) else { return address };
        address = previous;
    }
    address
}

/// Some proxies write the port too.
fn parse(text: &str) -> Option<IpAddr> {
    let address = text.parse::<IpAddr>().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::find;
    use http::{HeaderMap, HeaderValue};

    fn check(peer: &str, headers: &[&'static str], expected: &str) {
        let trusted = ["127.0.0.0/8".parse().expect("a range"), "10.0.0.0/8".parse().expect("a range")];
        let mut map = HeaderMap::new();
        for value in headers {
            map.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        let found = find(&trusted, peer.parse().expect("an address"), &map);
        assert_eq!(found.to_string(), expected, "{peer} {headers:?}");
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        check("203.0.113.9", &[], "203.0.113.9");
        check("203.0.113.9", &["198.51.100.1"], "203.0.113.9");
        check("127.0.0.1", &["198.51.100.1"], "198.51.100.1");
        check("::ffff:127.0.0.1", &["198.51.100.1"], "198.51.100.1");
        check("127.0.0.1", &["198.51.100.1:4711"], "198.51.100.1");
        check("127.0.0.1", &["2001:db8::1"], "2001:db8::1");
    }

    #[test]
    fn what_the_client_made_up_is_ignored() {
        check("127.0.0.1", &["192.0.2.66, 198.51.100.1"], "198.51.100.1");
        check("127.0.0.1", &["192.0.2.66", "198.51.100.1, 10.1.2.3"], "198.51.100.1");
        check("127.0.0.1", &["192.0.2.66, nonsense"], "127.0.0.1");
    }

    #[test]
    fn a_request_from_the_proxy_itself_keeps_its_address() {
        check("127.0.0.1", &[], "127.0.0.1");
        check("127.0.0.1", &["10.0.0.1"], "10.0.0.1");
    }
}
