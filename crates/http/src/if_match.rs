//! `If-Match`: the entity tags of which what is to be changed must have one (RFC 9110).
//!
//! Read here and not by the framework, which leaves out what is no tag: a caller whose tag got lost
//! on its way would change what it has not seen, or be told that somebody else did.

use accolade_domain::rejection::Rejection;
use actix_web::http::header::{HeaderMap, IF_MATCH};

/// The tags in `headers`, without quotes; `None` if any will do. Weak ones match nothing and are
/// left out.
///
/// # Errors
/// 400 if it is not a list of entity tags.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<Vec<String>>, Rejection> {
    let malformed = || {
        Rejection::unreadable("Must be * or a list of entity tags in quotes.").at_field("If-Match")
    };
    let mut lists = Vec::new();
    for value in headers.get_all(IF_MATCH) {
        lists.push(value.to_str().map_err(|_| malformed())?);
    }
    let list = lists.join(",");
    if lists.is_empty() || list.trim() == "*" {
        return Ok(None);
    }
    tags(&list).map(Some).ok_or_else(malformed)
}

fn tags(list: &str) -> Option<Vec<String>> {
    let mut tags = Vec::new();
    let mut rest = list.trim();
    while !rest.is_empty() {
        let (weak, opened) = match rest.strip_prefix("W/") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let (tag, after) = opened.strip_prefix('"')?.split_once('"')?;
        if !weak {
            tags.push(tag.to_owned());
        }
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(next) => next.trim(),
            None if after.is_empty() => after,
            None => return None,
        };
    }
    Some(tags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn read(values: &[&'static str]) -> Result<Option<Vec<String>>, u32> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IF_MATCH, HeaderValue::from_static(value));
        }
        if_match(&headers).map_err(|rejection| rejection.code.number())
    }

    fn tags(all: &[&str]) -> Vec<String> {
        all.iter().map(|tag| (*tag).to_owned()).collect()
    }

    #[test]
    fn without_the_header_and_by_a_star_any_tag_will_do() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["*"]), Ok(None));
    }

    #[test]
    fn one_tag_of_a_list_must_match_and_weak_ones_never_do() {
        assert_eq!(read(&["\"a\""]), Ok(Some(tags(&["a"]))));
        assert_eq!(
            read(&["\"a\" , \"b,c\"", "\"d\""]),
            Ok(Some(tags(&["a", "b,c", "d"])))
        );
        assert_eq!(read(&["W/\"a\""]), Ok(Some(tags(&[]))));
        assert_eq!(read(&["W/\"a\", \"b\""]), Ok(Some(tags(&["b"]))));
    }

    #[test]
    fn what_is_no_list_of_tags_is_refused() {
        for value in ["a", "\"a", "\"a\" \"b\"", "*, \"a\""] {
            assert_eq!(read(&[value]), Err(400), "{value}");
        }
    }
}
