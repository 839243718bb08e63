//! Single values: whole numbers within bounds, times, sizes, addresses. Each error says
//! what would be right, and nothing of the value, which may be a secret in the wrong place.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use accolade_domain::text::UrlText;
use bytesize::ByteSize;
use ipnet::IpNet;
use jiff::SignedDuration;
use serde::de::{Deserialize, Deserializer, Error, IntoDeserializer as _};
use tracing_subscriber::EnvFilter;
use url::{Host, Url};

/// The shortest time: less of it is none to those who count in milliseconds.
const SHORTEST: Duration = Duration::from_millis(1);

/// No time-out and no retention is longer.
const LONGEST: Duration = Duration::from_hours(10 * 366 * 24);

/// No access token is good for longer: what was stolen ends some time.
const LONGEST_OF_TOKENS: Duration = Duration::from_hours(24);

/// The longest time that a database waits: both count the milliseconds in 32 bits.
const LONGEST_OF_DATABASE: Duration = Duration::from_hours(24 * 24);

/// A whole number from `MIN` to `MAX`.
pub(super) fn whole<'de, const MIN: i64, const MAX: i64, T, D>(from: D) -> Result<T, D::Error>
where
    T: TryFrom<i64>,
    D: Deserializer<'de>,
{
    let number = i64::deserialize(from)?;
    T::try_from(number)
        .ok()
        .filter(|_| (MIN..=MAX).contains(&number))
        .ok_or_else(|| D::Error::custom(format!("must be from {MIN} to {MAX}")))
}

/// A port of its own.
pub(super) fn optional_port<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u16>, D::Error> {
    whole::<0, 65_535, _, _>(from).map(Some)
}

/// A time of a millisecond or more, like `30s` or `1h 30m`.
pub(super) fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    text(from, |text| {
        time(text, LONGEST)
            .ok_or("must be a time with a unit of hours or less, like \"30s\", \"5m\" or \"72h\"")
    })
}

/// How long an access token is good for.
pub(super) fn token_ttl<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    text(from, |text| {
        time(text, LONGEST_OF_TOKENS)
            .ok_or("must be a time from \"1ms\" to \"24h\", like \"300s\", \"5m\" or \"1h\"")
    })
}

/// A time of a second or more.
pub(super) fn duration_of_seconds<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Duration, D::Error> {
    text(from, |text| {
        time(text, LONGEST)
            .filter(|time| *time >= Duration::from_secs(1))
            .ok_or("must be a time of a second or more, like \"90s\", \"24h\" or \"2160h\"")
    })
}

/// A time that a database waits.
pub(super) fn database_timeout<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    text(from, |text| {
        time(text, LONGEST_OF_DATABASE)
            .ok_or("must be a time from \"1ms\" to \"576h\", like \"500ms\", \"30s\" or \"5m\"")
    })
}

fn time(text: &str, longest: Duration) -> Option<Duration> {
    let time = Duration::try_from(text.parse::<SignedDuration>().ok()?).ok()?;
    (SHORTEST..=longest).contains(&time).then_some(time)
}

/// A number of bytes above zero, like `8MiB`.
pub(super) fn size<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    text(from, |text| {
        text.parse::<ByteSize>()
            .ok()
            .and_then(|size| usize::try_from(size.as_u64()).ok())
            .filter(|size| *size > 0)
            .ok_or("must be a number of bytes or a size like \"8MiB\"")
    })
}

/// An address to listen on; the brackets of an IPv6 address are left out.
pub(super) fn host<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    text(from, |text| {
        let bare = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .unwrap_or(text);
        if bare.parse::<IpAddr>().is_ok() || bare == "localhost" {
            Ok(bare.to_owned())
        } else {
            Err("must be an IP address to listen on, like 127.0.0.1, 0.0.0.0 or [::], or localhost")
        }
    })
}

/// An address to listen on.
pub(super) fn optional_host<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<String>, D::Error> {
    host(from).map(Some)
}

/// The path of a file.
pub(super) fn optional_file<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<PathBuf>, D::Error> {
    text(from, |text| match text {
        "" => Err("must be the path of a file"),
        path => Ok(Some(PathBuf::from(path))),
    })
}

/// Where a collector of traces is; without a path, where the standard has it.
pub(super) fn optional_collector<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Url>, D::Error> {
    text(from, |text| {
        let url = Url::parse(text).ok().filter(|url| {
            let is_open = url.username().is_empty() && url.password().is_none();
            matches!(url.scheme(), "http" | "https") && is_open
        });
        let mut url = url.ok_or(
            "must be the URL of a collector, like \"http://127.0.0.1:4318\", without user and password",
        )?;
        if url.path() == "/" {
            url.set_path("/v1/traces");
        }
        Ok(Some(url))
    })
}

/// What an OIDC provider calls itself, as it stands.
pub(super) fn optional_issuer<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<UrlText>, D::Error> {
    text(from, |text| {
        let is_plain = |url: &Url| {
            let is_open = url.username().is_empty() && url.password().is_none();
            is_private(url) && is_open && url.query().is_none() && url.fragment().is_none()
        };
        let url = Url::parse(text).ok().filter(is_plain);
        let issuer = url.and_then(|_| UrlText::try_from(text).ok());
        issuer.map(Some).ok_or(
            "must be the URL that the provider calls itself, like \"https://id.example.org/staff\": with \
             https, unless it is on this machine, and without user, password, query and fragment",
        )
    })
}

/// How browsers reach this server.
pub(super) fn optional_address<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Url>, D::Error> {
    text(from, |text| {
        let is_origin = |url: &Url| url.origin().ascii_serialization() == *text;
        let url = Url::parse(text).ok();
        let url = url.filter(|url| is_private(url) && is_origin(url));
        url.map(Some).ok_or(
            "must be how browsers reach this server, like \"https://badges.example.org\": with https, unless \
             it is on this machine, in lower case, without a path and without the scheme's own port",
        )
    })
}

/// Whether nobody between this machine and the place can read what is sent there.
fn is_private(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

/// Some words for people.
pub(super) fn words<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    text(from, |text| {
        let is_short = (1..=60).contains(&text.trim().chars().count());
        if is_short && !text.chars().any(char::is_control) {
            Ok(text.trim().to_owned())
        } else {
            Err("must have 1 to 60 characters on one line")
        }
    })
}

/// What is asked for of a provider.
pub(super) fn scopes<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let scopes = Vec::<String>::deserialize(from)?;
    let is_fit = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    let is_scope = |scope: &String| !scope.is_empty() && scope.bytes().all(is_fit);
    if scopes.iter().all(is_scope) {
        Ok(scopes)
    } else {
        Err(D::Error::custom(
            "must list scopes, like \"openid\", without blanks and quotes",
        ))
    }
}

/// A share of all, from none to all.
pub(super) fn share<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let share = f64::deserialize(from)?;
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err(D::Error::custom("must be from 0 to 1"))
    }
}

/// Origins as browsers write them: `https://app.example.org`, with a port that is not the scheme's
/// own.
pub(super) fn origins<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let origins = Vec::<String>::deserialize(from)?;
    let is_origin = |text: &String| {
        Url::parse(text).is_ok_and(|url| {
            let is_web = matches!(url.scheme(), "http" | "https");
            is_web && !text.contains('*') && url.origin().ascii_serialization() == *text
        })
    };
    if origins.iter().all(is_origin) {
        Ok(origins)
    } else {
        Err(D::Error::custom(
            "must list origins as browsers write them, like \"https://app.example.org\": in lower \
             case, without a path and without the scheme's own port",
        ))
    }
}

/// Networks, or single addresses.
pub(super) fn networks<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let networks: Option<_> = texts.iter().map(|text| network(text)).collect();
    networks.ok_or_else(|| {
        D::Error::custom(
            "must list networks, like \"10.20.0.0/16\" or \"fd00:1234::/32\", or addresses, like \
             \"192.168.1.7\"",
        )
    })
}

fn network(text: &str) -> Option<IpNet> {
    let network = text.parse::<IpNet>().ok();
    let address = || Some(IpNet::from(text.parse::<IpAddr>().ok()?));
    network.or_else(address).map(|network| network.trunc())
}

/// A level, or levels by module.
pub(super) fn log_level<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    text(from, |text| {
        let known = !text.trim().is_empty() && EnvFilter::try_new(text).is_ok();
        // A bare word that is no level would be taken for a module's name.
        let level =
            |part: &str| part.contains('=') || part.trim().parse::<tracing::Level>().is_ok();
        if known && text.split(',').all(level) {
            Ok(text.to_owned())
        } else {
            Err(
                "must be error, warn, info, debug or trace, also by module: \"info,actix_server=warn\"",
            )
        }
    })
}

/// One of a few words.
pub(super) fn word<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    T::deserialize(String::deserialize(from)?.into_deserializer())
}

fn text<'de, D, T>(
    from: D,
    read: impl FnOnce(&str) -> Result<T, &'static str>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    read(&String::deserialize(from)?).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::value::{Error as ValueError, SeqDeserializer, StringDeserializer};

    fn read<T>(
        with: impl Fn(StringDeserializer<ValueError>) -> Result<T, ValueError>,
        text: &str,
    ) -> Result<T, String> {
        with(text.to_owned().into_deserializer()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_time_has_a_unit_and_is_above_zero() {
        assert_eq!(read(duration, "30s"), Ok(Duration::from_secs(30)));
        assert_eq!(read(duration, "72h"), Ok(Duration::from_hours(72)));
        assert_eq!(read(duration, "1h 30m"), Ok(Duration::from_mins(90)));
        assert_eq!(read(duration, "500ms"), Ok(Duration::from_millis(500)));
        for wrong in [
            "30",
            "0s",
            "500us",
            "-1s",
            "1s ago",
            "2 months",
            "",
            "99999999h",
        ] {
            assert_eq!(
                read(duration, wrong).unwrap_err(),
                "must be a time with a unit of hours or less, like \"30s\", \"5m\" or \"72h\"",
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_second_is_the_shortest_where_less_makes_no_sense() {
        assert_eq!(read(duration_of_seconds, "1s"), Ok(Duration::from_secs(1)));
        for wrong in ["999ms", "0s", "1", "99999999h"] {
            let refused = read(duration_of_seconds, wrong).unwrap_err();
            assert!(refused.starts_with("must be a time of a second"), "{wrong}");
        }
    }

    #[test]
    fn a_database_waits_no_longer_than_it_can_count() {
        assert_eq!(read(database_timeout, "1ms"), Ok(Duration::from_millis(1)));
        assert_eq!(
            read(database_timeout, "576h"),
            Ok(Duration::from_hours(576))
        );
        for wrong in ["500us", "577h"] {
            assert!(read(database_timeout, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_size_may_have_a_unit() {
        assert_eq!(read(size, "8MiB"), Ok(8 << 20));
        assert_eq!(read(size, "8 MiB"), Ok(8 << 20));
        assert_eq!(read(size, "1048576"), Ok(1 << 20));
        for wrong in ["0", "-1", "8 apples", ""] {
            assert!(read(size, wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_address_is_an_ip_address_or_localhost() {
        assert_eq!(read(host, "[::1]"), Ok("::1".to_owned()));
        assert_eq!(read(host, "0.0.0.0"), Ok("0.0.0.0".to_owned()));
        assert_eq!(read(host, "localhost"), Ok("localhost".to_owned()));
        for wrong in ["", "127.0.0.1:80", "example.com", "*"] {
            assert!(read(host, wrong).is_err(), "{wrong:?}");
        }
    }

    fn read_origins(texts: &[&str]) -> Result<Vec<String>, String> {
        let texts: SeqDeserializer<_, ValueError> = SeqDeserializer::new(texts.iter().copied());
        origins(texts).map_err(|error| error.to_string())
    }

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        assert_eq!(read_origins(&[]), Ok(Vec::new()));
        let right = [
            "https://app.example.org",
            "http://localhost:3000",
            "http://[::1]:8080",
        ];
        assert_eq!(read_origins(&right).unwrap(), right);
        for wrong in [
            "*",
            "null",
            "",
            "app.example.org",
            "https://app.example.org/",
            "https://app.example.org/path",
            "https://app.example.org:443",
            "https://App.example.org",
            "https://user@app.example.org",
            "ftp://app.example.org",
            "https://*.example.org",
        ] {
            let refused = read_origins(&[right[0], wrong]);
            assert!(refused.is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_network_is_written_with_its_prefix_and_an_address_is_a_network_of_one() {
        let read = |texts: &[&str]| {
            let texts: SeqDeserializer<_, ValueError> = SeqDeserializer::new(texts.iter().copied());
            let networks = networks(texts).map_err(|error| error.to_string())?;
            Ok::<_, String>(networks.iter().map(IpNet::to_string).collect::<Vec<_>>())
        };
        assert_eq!(read(&[]), Ok(Vec::new()));
        let right = ["10.20.30.40/8", "192.168.1.7", "fd00:1234::/32", "::1"];
        let networks = ["10.0.0.0/8", "192.168.1.7/32", "fd00:1234::/32", "::1/128"];
        assert_eq!(read(&right).unwrap(), networks);
        for wrong in [
            "",
            "10.0.0.0/33",
            "10.0.0",
            "localhost",
            "10.0.0.0-10.0.0.9",
            "*",
        ] {
            assert!(read(&[right[0], wrong]).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_misspelt_level_is_not_taken_for_a_module() {
        assert!(read(log_level, "info").is_ok());
        assert!(read(log_level, "warn,accolade=debug").is_ok());
        for wrong in ["inof", "", "info,debgu", "accolade=loud"] {
            assert!(read(log_level, wrong).is_err(), "{wrong:?}");
        }
    }
}
