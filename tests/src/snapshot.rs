//! Answers as snapshots: what differs from run to run is replaced, the rest is byte for byte.

use crate::reply::Reply;

/// The status and the body, with ids, references, moments around now and the org replaced.
pub fn redacted(reply: &Reply) -> String {
    let mut text = reply.text().to_owned();
    let words: Vec<String> = text
        .split(|c: char| !(c.is_ascii_alphanumeric() || "-:.".contains(c)))
        .map(str::to_owned)
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
