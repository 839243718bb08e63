//! Answers as snapshots: what differs from run to run is replaced, the rest is byte for byte.

use crate::reply::Reply;

/// The status and the body, with ids, references, moments around now, the windows that run
/// and the org replaced.
pub fn redacted(reply: &Reply) -> String {
    let mut text = reply.text().to_owned();
    let words: Vec<String> = text
        .split(|c: char| !(c.is_ascii_alphanumeric() || "-:.".contains(c)))
        .map(|word| word.trim_matches([':', '.']).to_owned())
        .collect();
    for word in words {
        if let Some(name) = stands_for(&word) {
            text = text.replace(&word, name);
        }
    }
    for (field, name) in [
        ("orgId", "ORG"),
        ("createdBy", "CLIENT"),
        ("lastUpdatedBy", "CLIENT"),
    ] {
        text = replace_number(&text, field, name);
    }
    text = replace_object(&text, "currentCycle", "RUNNING");
    format!("{} {text}", reply.status)
}

fn stands_for(word: &str) -> Option<&'static str> {
    let is_hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let groups: Vec<usize> = word.split('-').map(str::len).collect();
    if word.len() == 24 && is_hex(word) {
        return Some("ID");
    }
    if groups == [8, 4, 4, 4, 12] && is_hex(&word.replace('-', "")) {
        return Some("UUID");
    }
    let near = |seconds: i64| (seconds - crate::now()).abs() < 600;
    if let Some((seconds, fraction)) = word.split_once('.')
        && fraction.len() == 9
        && seconds.parse().is_ok_and(near)
    {
        return Some("NOW");
    }
    let format = &time::format_description::well_known::Rfc3339;
    let moment = time::OffsetDateTime::parse(word, format).ok()?;
    near(moment.unix_timestamp()).then_some("NOW-ISO")
}

/// Replaces an object that holds no others.
fn replace_object(text: &str, field: &str, name: &str) -> String {
    let marker = format!("\"{field}\":{{");
    let mut parts = text.split(&marker);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(marker.trim_end_matches('{'));
        out.push_str(name);
        out.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    out
}

fn replace_number(text: &str, field: &str, name: &str) -> String {
    let marker = format!("\"{field}\":");
    let mut parts = text.split(&marker);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(&marker);
        out.push_str(name);
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    out
}

/// Compares an answer, [`redacted`], with the snapshot of this name: one for both databases.
#[macro_export]
macro_rules! assert_answer {
    ($name:expr, $reply:expr) => {
        $crate::with_snapshots(|| $crate::insta::assert_snapshot!($name, $crate::redacted(&$reply)))
    };
}

/// Keeps snapshots of all test binaries in one place, under the names that tests give them.
pub fn with_snapshots(compare: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(compare);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_replaced_and_nothing_else() {
        let now = crate::now();
        let body = format!(
            r#"{{"id":"0123456789abcdef01234567","orgId":2001,"at":{now}.000123000,"far":1926235957.000000000,"ref":"f47ac10b-58cc-4372-a567-0e02b2c3d479","farISO":"2031-01-15T09:32:37Z"}}"#
        );
        let reply = Reply {
            status: 200,
            headers: ureq::http::HeaderMap::new(),
            body: body.into_bytes(),
            request: String::new(),
        };
        assert_eq!(
            redacted(&reply),
            r#"200 {"id":"ID","orgId":ORG,"at":NOW,"far":1926235957.000000000,"ref":"UUID","farISO":"2031-01-15T09:32:37Z"}"#
        );
    }
}
