//! The address of a receiver, taken apart.

use std::net::IpAddr;

use accolade_domain::text::UrlText;
use accolade_domain::webhook::address::ReceiverPolicy;
use hyper::Uri;
use url::{Host, Url};

/// Why nothing is sent to a url: in short words for whoever owns the webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    /// It cannot be read.
    #[error("the url cannot be read")]
    Unreadable,
    /// It is neither https nor, where that is allowed, http.
    #[error("the url must begin with https://")]
    Scheme,
    /// It has a user or a password in it.
    #[error("the url must not contain a user or a password")]
    Credentials,
    /// It is an address that receivers must not have.
    #[error("the address is not allowed")]
    NotAllowed,
}

/// Where a request goes.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) uri: Uri,
    /// The name to look up; `None` if it is an address, which is allowed then.
    pub(crate) name: Option<String>,
}

impl Target {
    /// Reads `url`. However an address is written in it, as one number or in octal digits, it is
    /// taken for the address that it is.
    pub(crate) fn parse(url: &UrlText, policy: &ReceiverPolicy) -> Result<Self, TargetError> {
        let mut url = Url::parse(url.as_str()).map_err(|_| TargetError::Unreadable)?;
        match url.scheme() {
            "https" => {}
            "http" if policy.allow_http => {}
            _ => return Err(TargetError::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::Credentials);
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err(TargetError::Unreadable),
        };
        if address.is_some_and(|address| !policy.permits(address)) {
            return Err(TargetError::NotAllowed);
        }
        let name = match address {
            Some(_) => None,
            None => url.host_str().map(str::to_owned),
        };
        url.set_fragment(None);
        let uri = url.as_str().parse().map_err(|_| TargetError::Unreadable)?;
        Ok(Self { uri, name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Target, TargetError> {
        Target::parse(&url.try_into().unwrap(), &ReceiverPolicy::default())
    }

    #[test]
    fn an_address_is_checked_however_it_is_written() {
        for url in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1/",
            "https://017700000001/",
            "https://127.0.0.1./",
            "https://①②⑦.0.0.1/",
            "https://127。0。0。1/",
            "https://%31%32%37.0.0.1/",
            "https://0/",
            "https://10.0.0.1:8443/x",
            "https://172.16.5.4/",
            "https://192.168.1.1/",
            "https://100.64.0.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://2852039166/",
            "https://0xa9fea9fe/",
            "https://192.0.2.1/",
            "https://198.51.100.7/",
            "https://203.0.113.9/",
            "https://224.0.0.1/",
            "https://255.255.255.255/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:a9fe:a9fe]/",
            "https://[0:0:0:0:0:ffff:169.254.169.254]/",
            "https://[fe80::1]/",
            "https://[fd00:ec2::254]/",
            "https://[fc00::1]/",
            "https://[ff02::1]/",
            "https://[2002:7f00:1::]/",
            "https://[64:ff9b::169.254.169.254]/",
            "https://[2001:db8::1]/",
        ] {
            assert_eq!(parse(url).err(), Some(TargetError::NotAllowed), "{url}");
        }
    }

    #[test]
    fn only_https_without_a_password_is_sent_to() {
        for (url, error) in [
            ("http://receiver.example/", TargetError::Scheme),
            ("ftp://receiver.example/", TargetError::Scheme),
            ("file:///etc/passwd", TargetError::Scheme),
            ("gopher://receiver.example/", TargetError::Scheme),
            ("https://", TargetError::Unreadable),
            ("receiver.example", TargetError::Unreadable),
            ("https://256.0.0.1/", TargetError::Unreadable),
            (
                "https://user:word@receiver.example/",
                TargetError::Credentials,
            ),
            (
                "https://public.example@127.0.0.1/",
                TargetError::Credentials,
            ),
        ] {
            assert_eq!(parse(url).err(), Some(error), "{url}");
        }
        let target = parse("https://Receiver.EXAMPLE:8443/a?b=c#d").unwrap();
        assert_eq!(target.uri, "https://receiver.example:8443/a?b=c");
        assert_eq!(target.name.as_deref(), Some("receiver.example"));
        assert!(parse("https://93.184.215.14/").unwrap().name.is_none());
    }
}
