//! Reading which events a caller asks for.

use std::collections::BTreeSet;
use std::time::Duration;

use accolade_application::events::Start;
use accolade_application::ports::IdentifierKind;
use accolade_domain::event::EventKind;
use accolade_domain::ids::{BadgeId, OrgId};
use accolade_domain::rejection::Rejection;

use super::cursor;
use crate::customer::named::NamedCustomer;
use crate::query::words;
use crate::query::{Query, number};

/// The most events that one answer has.
const MOST: u32 = 1_000;

/// How many it has unless told otherwise.
const DEFAULT: u32 = 100;

/// The longest that a request waits for an event, in seconds.
const LONGEST_WAIT: u32 = 25;

/// The cursor of who wants only what is recorded from now on.
const LATEST: &str = "latest";

/// What a caller asks for, its customer as it names it.
#[derive(Debug)]
pub struct Asked {
    /// Where to begin.
    pub start: Start,
    /// Of these kinds; empty means any.
    pub kinds: BTreeSet<EventKind>,
    /// About this badge.
    pub badge: Option<BadgeId>,
    /// About this customer.
    pub customer: Option<NamedCustomer>,
    /// The most events.
    pub limit: usize,
    /// How long to wait for one.
    pub wait: Duration,
}

/// What `query` asks of the feed of `org`. What is wrong with it is remembered there.
pub fn read(query: &mut Query, org: OrgId, named_by: Option<IdentifierKind>) -> Asked {
    if query.has("after") && query.has("from") {
        let message = "Send after or from: each says where to begin.";
        query.refuse(Rejection::unreadable(message).at_field("from"));
    }
    let after = query.read("after", |text| after(text, org));
    let from = query.read("from", words::moment).map(Start::From);
    let limit = query.read("limit", number(1, MOST)).unwrap_or(DEFAULT);
    let wait = query.read("wait", number(0, LONGEST_WAIT)).unwrap_or(0);
    Asked {
        start: after.or(from).unwrap_or(Start::Oldest),
        kinds: query.read("types", kinds).unwrap_or_default(),
        badge: query.read("badgeMetaId", badge),
        customer: query.read("customerId", |text| words::customer(text, named_by)),
        limit: usize::try_from(limit).unwrap_or(1),
        wait: Duration::from_secs(wait.into()),
    }
}

fn after(text: &str, org: OrgId) -> Result<Start, Rejection> {
    if text.eq_ignore_ascii_case(LATEST) {
        return Ok(Start::Latest);
    }
    cursor::position(text, org).map(Start::After)
}

/// A comma list of types, each with or without `accolade.`.
fn kinds(list: &str) -> Result<BTreeSet<EventKind>, Rejection> {
    list.split(',')
        .map(|text| text.trim().to_ascii_lowercase())
        .filter(|text| !text.is_empty())
        .map(|text| EventKind::from_name(&text).ok_or_else(unknown_type))
        .collect()
}

fn unknown_type() -> Rejection {
    let known: Vec<_> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
    let known = known.join(", ");
    Rejection::unreadable(format!(
        "Must be a comma list of types of events, with or without accolade. before them: {known}."
    ))
}

fn badge(text: &str) -> Result<BadgeId, Rejection> {
    text.parse()
        .map_err(|_| Rejection::unreadable("Must be an id of 24 hexadecimal digits."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use accolade_domain::event::Position;
    use accolade_domain::fixtures::at;

    fn org() -> OrgId {
        100_458.try_into().unwrap()
    }

    fn refused(text: &str) -> Vec<(u32, Option<String>)> {
        let mut query = Query::parse(text);
        read(&mut query, org(), None);
        let problems = query.finish().problems.into_iter();
        problems
            .map(|problem| (problem.code.number(), problem.field))
            .collect()
    }

    #[test]
    fn nothing_asked_is_a_hundred_of_any_kind_from_the_oldest_at_once() {
        let asked = read(&mut Query::parse(""), org(), None);
        assert_eq!(asked.start, Start::Oldest);
        assert_eq!((asked.limit, asked.wait), (100, Duration::ZERO));
        assert!(asked.kinds.is_empty() && asked.badge.is_none() && asked.customer.is_none());
    }

    #[test]
    fn where_to_begin_is_a_cursor_or_a_moment_or_now() {
        let start = |text: &str| {
            let mut query = Query::parse(text);
            let start = read(&mut query, org(), None).start;
            assert_eq!(query.finish().problems, [], "{text}");
            start
        };
        let position = Position::try_from(42).unwrap();
        assert_eq!(
            start("after=AQAAAAAAAYhqAAAAAAAAACo"),
            Start::After(position)
        );
        assert_eq!(start("after=latest"), Start::Latest);
        let moment = Start::From(at("2026-05-01T12:00:00Z"));
        assert_eq!(start("from=2026-05-01T14:00:00+02:00"), moment);
        assert_eq!(start("from=1777636800"), moment);
    }

    #[test]
    fn types_are_a_list_with_or_without_what_they_all_begin_with() {
        let mut query = Query::parse("types=earn.created,%20accolade.earn.revoked,EARN.CREATED,");
        let asked = read(&mut query, org(), None);
        let kinds = [EventKind::EarnCreated, EventKind::EarnRevoked];
        assert_eq!(asked.kinds, BTreeSet::from(kinds));
    }

    #[test]
    fn what_cannot_be_meant_is_named_all_at_once() {
        let text = "after=42&types=earn.nothing&limit=1001&wait=26&badgeMetaId=x&customerId=y";
        let names = [
            "after",
            "limit",
            "wait",
            "types",
            "badgeMetaId",
            "customerId",
        ];
        let expected: Vec<_> = names.map(|name| (400, Some(name.to_owned()))).into();
        assert_eq!(refused(text), expected);
        let from = || vec![(400, Some("from".to_owned()))];
        assert_eq!(refused("after=latest&from=2026-05-01T12:00:00Z"), from());
        assert_eq!(refused("from=yesterday"), from());
        assert_eq!(refused("limit=0")[0].1.as_deref(), Some("limit"));
    }
}
