//! Which addresses a webhook may be at.
//!
//! Whoever may create a webhook can have the server connect to an address of their choice. So that
//! this is never a way into the network that the server stands in, an address must be public, or
//! inside a network that the operator allowed. Public is what this module does not know as
//! something else: of IPv6 only what is handed out to the internet at all (`2000::/3`), so what is
//! unknown is refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

/// Networks of IPv4 that are not public, by the registry of special-purpose addresses of IANA.
const NOT_PUBLIC_V4: [Ipv4Net; 15] = [
    // This network; 0.0.0.0 is taken for the host itself by most systems.
    v4(0, 0, 0, 0, 8),
    // Private.
    v4(10, 0, 0, 0, 8),
    v4(172, 16, 0, 0, 12),
    v4(192, 168, 0, 0, 16),
    // Shared by carriers (CGNAT).
    v4(100, 64, 0, 0, 10),
    // Loopback.
    v4(127, 0, 0, 0, 8),
    // Link-local, where clouds have their metadata.
    v4(169, 254, 0, 0, 16),
    // Protocol assignments.
    v4(192, 0, 0, 0, 24),
    // Documentation.
    v4(192, 0, 2, 0, 24),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    // Relays of 6to4.
    v4(192, 88, 99, 0, 24),
    // Benchmarking.
    v4(198, 18, 0, 0, 15),
    // Multicast.
    v4(224, 0, 0, 0, 4),
    // Reserved, and the broadcast.
    v4(240, 0, 0, 0, 4),
];

/// What of IPv6 is handed out to the internet. Outside of it are loopback, unspecified, v4-mapped and
/// v4-compatible addresses, both networks of NAT64, discard-only, unique local, link-local,
/// site-local, and multicast.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 0, 3);

/// Networks inside of [`GLOBAL_V6`] that are not public.
const NOT_PUBLIC_V6: [Ipv6Net; 5] = [
    // Protocol assignments: Teredo, benchmarking, ORCHID and others.
    v6(0x2001, 0, 0, 23),
    // Documentation.
    v6(0x2001, 0x0db8, 0, 32),
    v6(0x3fff, 0, 0, 20),
    // 6to4, which has an IPv4 address inside.
    v6(0x2002, 0, 0, 16),
    // The 6bone, given back.
    v6(0x3ffe, 0, 0, 16),
];

/// Whether `address` is one of the internet, which anybody may connect to.
///
/// ```
/// use accolade_domain::webhook::address::is_public;
///
/// assert!(is_public("93.184.215.14".parse().unwrap()));
/// assert!(!is_public("169.254.169.254".parse().unwrap()));
/// assert!(!is_public("::ffff:93.184.215.14".parse().unwrap()));
/// ```
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address) && !NOT_PUBLIC_V6.iter().any(|net| net.contains(&address))
        }
    }
}

/// Which addresses receivers may have, and whether they must be spoken to by https.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReceiverPolicy {
    /// Networks that are allowed beside what is public.
    pub allowed_networks: Vec<IpNet>,
    /// Whether plain http is allowed.
    pub allow_http: bool,
}

impl ReceiverPolicy {
    /// Whether `address` may be connected to: it is public, or inside an allowed network.
    pub fn permits(&self, address: IpAddr) -> bool {
        is_public(address)
            || self
                .allowed_networks
                .iter()
                .any(|net| net.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_not_of_the_internet_is_not_public() {
        for text in [
            // Unspecified and this network.
            "0.0.0.0",
            "0.1.2.3",
            "::",
            // Loopback.
            "127.0.0.1",
            "127.255.255.254",
            "::1",
            // Private.
            "10.0.0.1",
            "10.255.255.255",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "192.168.255.255",
            // Carriers.
            "100.64.0.1",
            "100.127.255.255",
            // Link-local, with the metadata of clouds.
            "169.254.169.254",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            // Protocol assignments.
            "192.0.0.1",
            "192.0.0.170",
            "2001:1::1",
            "2001:1ff::1",
            // Documentation.
            "192.0.2.1",
            "198.51.100.1",
            "203.0.113.1",
            "2001:db8::1",
            "3fff::1",
            "3fff:fff::1",
            // Benchmarking.
            "198.18.0.1",
            "198.19.255.255",
            "2001:2::1",
            // Multicast.
            "224.0.0.1",
            "239.255.255.255",
            "ff02::1",
            // Reserved and broadcast.
            "240.0.0.1",
            "255.255.255.255",
            // What has an IPv4 address inside, be that public itself.
            "::ffff:127.0.0.1",
            "::ffff:93.184.215.14",
            "::127.0.0.1",
            "::93.184.215.14",
            "::ffff:0:93.184.215.14",
            "2002:7f00:1::1",
            "2002:5db8:d70e::1",
            "192.88.99.1",
            "64:ff9b::7f00:1",
            "64:ff9b::5db8:d70e",
            "64:ff9b:1::7f00:1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            // ORCHID and its second version.
            "2001:10::1",
            "2001:20::1",
            // Unique local, site-local, discard-only, segment routing, the 6bone, never handed out.
            "fc00::1",
            "fdff::1",
            "fec0::1",
            "100::1",
            "5f00::1",
            "3ffe::1",
            "4000::1",
            "1::1",
        ] {
            assert!(!is_public(address(text)), "{text}");
        }
    }

    #[test]
    fn what_is_beside_those_networks_is_public() {
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "169.255.0.1",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "192.0.3.1",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2001:db7::1",
            "2001:db9::1",
            "2003::1",
            "2606:4700:4700::1111",
            "3fff:1000::1",
        ] {
            assert!(is_public(address(text)), "{text}");
        }
    }

    #[test]
    fn an_allowed_network_is_permitted_and_nothing_beside_it() {
        let policy = ReceiverPolicy {
            allowed_networks: vec!["10.1.0.0/16".parse().unwrap(), "::1/128".parse().unwrap()],
            allow_http: false,
        };
        for (text, permitted) in [
            ("10.1.2.3", true),
            ("10.2.0.1", false),
            ("::1", true),
            ("::2", false),
            ("::ffff:10.1.2.3", false),
            ("1.1.1.1", true),
        ] {
            assert_eq!(policy.permits(address(text)), permitted, "{text}");
        }
    }
}
