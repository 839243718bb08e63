//! Where a request comes from: its caller's address, also through proxies, and how far an address tells
//! who somebody is.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use actix_web::http::header::{HeaderMap, X_FORWARDED_FOR};
use ipnet::IpNet;

/// The proxies whose word is taken for where a request comes from. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Those in `networks`.
    pub(crate) fn new(networks: &[IpNet]) -> Self {
        Self(networks.into())
    }

    /// Whether one of them is at `address`.
    pub(crate) fn are_at(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Who sent a request with `headers` on a connection from `peer`. Each proxy adds whom it has the
    /// request from at the end of `X-Forwarded-For`, and what stands before that is hearsay: read from
    /// the end, the first address that is no proxy's is the caller's.
    pub(crate) fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut caller = peer;
        if !self.are_at(caller) {
            return caller;
        }
        let values: Vec<_> = headers.get_all(X_FORWARDED_FOR).collect();
        let said = values.iter().rev().flat_map(|value| {
            let text = value.to_str().unwrap_or_default();
            text.rsplit(',')
        });
        for text in said {
            // What cannot be read comes from nobody who can be told apart from the proxy.
            let Some(address) = address(text.trim()) else {
                break;
            };
            caller = address;
            if !self.are_at(caller) {
                break;
            }
        }
        caller
    }
}

/// The address that `text` is, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse().ok();
    address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}

/// The address as far as it tells who it is: of IPv6, everybody has a whole /64.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn caller(peer: &str, forwarded: &[&'static str]) -> String {
        let proxies = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_static(value));
        }
        let proxies = TrustedProxies::new(&proxies);
        proxies.caller(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_trusted_proxy_says_who_the_caller_is_and_nobody_else_does() {
        assert_eq!(caller("10.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(caller("::ffff:10.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(caller("fd00::1", &["2001:db8::7"]), "2001:db8::7");
        assert_eq!(caller("192.0.2.9", &["192.0.2.1"]), "192.0.2.9");
        assert_eq!(caller("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_a_caller_claims_before_the_proxies_is_not_believed() {
        let spoofed = ["203.0.113.1, 192.0.2.1, 10.0.0.7"];
        assert_eq!(caller("10.0.0.1", &spoofed), "192.0.2.1");
        let in_headers = ["203.0.113.1", "192.0.2.1,10.0.0.7"];
        assert_eq!(caller("10.0.0.1", &in_headers), "192.0.2.1");
        assert_eq!(caller("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
    }

    #[test]
    fn an_address_may_have_a_port_and_what_is_none_stays_with_the_proxy() {
        assert_eq!(caller("10.0.0.1", &["192.0.2.1:4711"]), "192.0.2.1");
        assert_eq!(caller("10.0.0.1", &["[2001:db8::7]:4711"]), "2001:db8::7");
        assert_eq!(caller("10.0.0.1", &["[2001:db8::7]"]), "2001:db8::7");
        for nonsense in ["unknown", "", "192.0.2.1, _hidden", "192.0.2.1 192.0.2.2"] {
            assert_eq!(caller("10.0.0.1", &[nonsense]), "10.0.0.1", "{nonsense}");
        }
    }
}
