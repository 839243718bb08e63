//! What the answer of a receiver means.

use accolade_domain::instant::Instant;
use accolade_domain::webhook::schedule::LONGEST_HOLD;
use hyper::header::RETRY_AFTER;
use hyper::{HeaderMap, StatusCode};
use time::{Duration, OffsetDateTime};

use crate::plan::Ended;

/// What a receiver means that answers with `status`, at `now`.
pub(super) fn meaning(status: StatusCode, headers: &HeaderMap, now: Instant) -> Ended {
    if status.is_success() {
        return Ended::Delivered;
    }
    let may_say_when = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    match retry_after(headers, now) {
        _ if status == StatusCode::GONE => Ended::Gone,
        Some(wait) if may_say_when.contains(&status) => Ended::Later(wait),
        _ => Ended::Failed,
    }
}

/// What is wrong with an answer, for whoever owns the webhook; `None` if nothing is.
pub(super) fn complaint(status: StatusCode) -> Option<String> {
    if status.is_success() {
        return None;
    }
    let number = status.as_u16();
    Some(if status.is_redirection() {
        format!("the receiver answered {number}; redirects are not followed")
    } else {
        format!("the receiver answered {number}")
    })
}

/// How long the receiver wants to be left alone: seconds, or a moment.
fn retry_after(headers: &HeaderMap, now: Instant) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number has are more than a day, too.
        let seconds = text.parse::<i64>().unwrap_or(i64::MAX);
        return Some(Duration::seconds(seconds).min(LONGEST_HOLD));
    }
    let moment = OffsetDateTime::from(httpdate::parse_http_date(text).ok()?);
    let wait = Instant::try_from(moment).ok()?.since(now);
    Some(wait.clamp(Duration::ZERO, LONGEST_HOLD))
}

#[cfg(test)]
mod tests {
    use accolade_domain::fixtures::second;

    use super::*;

    fn answered(status: u16, retry_after: Option<&str>) -> Ended {
        let mut headers = HeaderMap::new();
        if let Some(text) = retry_after {
            headers.insert(RETRY_AFTER, text.parse().unwrap());
        }
        let now = second(784_111_777);
        meaning(StatusCode::from_u16(status).unwrap(), &headers, now)
    }

    #[test]
    fn two_hundreds_succeed_and_everything_else_fails() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(answered(status, None), Ended::Delivered, "{status}");
        }
        for status in [
            300, 301, 302, 304, 307, 308, 400, 401, 404, 409, 413, 500, 502, 599,
        ] {
            assert_eq!(answered(status, Some("5")), Ended::Failed, "{status}");
        }
        assert_eq!(answered(410, Some("5")), Ended::Gone);
    }

    #[test]
    fn retry_after_is_seconds_or_a_moment_and_a_day_at_most() {
        let later = |seconds| Ended::Later(Duration::seconds(seconds));
        for (text, expected) in [
            ("120", later(120)),
            ("0", later(0)),
            ("86401", later(86_400)),
            ("99999999999999999999999", later(86_400)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", later(10)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", later(0)),
            ("Sat, 06 Nov 2094 08:49:37 GMT", later(86_400)),
            ("-5", Ended::Failed),
            ("soon", Ended::Failed),
            ("", Ended::Failed),
        ] {
            assert_eq!(answered(429, Some(text)), expected, "{text:?}");
            assert_eq!(answered(503, Some(text)), expected, "{text:?}");
        }
        assert_eq!(answered(503, None), Ended::Failed);
    }

    #[test]
    fn a_redirect_is_told_to_be_one() {
        let text = complaint(StatusCode::FOUND).unwrap();
        assert_eq!(
            text,
            "the receiver answered 302; redirects are not followed"
        );
        assert_eq!(complaint(StatusCode::NO_CONTENT), None);
    }
}
