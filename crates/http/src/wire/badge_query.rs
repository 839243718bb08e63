//! Reading which badges a list is to have.

use accolade_application::ports::{BadgeQuery, BadgeSort, SortOrder};
use accolade_domain::badge::{BadgeStatus, EarnType};
use accolade_domain::ids::GroupId;
use accolade_domain::instant::Instant;
use accolade_domain::owner::OwnerType;
use accolade_domain::rejection::Rejection;

use crate::json::{not_a_word, word};
use crate::routes::{Query, number};
use crate::wire::instant;

/// How many badges a page has unless told otherwise.
const DEFAULT_SIZE: u32 = 10;
/// The most badges that a page may have.
const MAX_SIZE: u32 = 100;

/// What a caller wants to see.
#[derive(Debug)]
pub(crate) struct BadgeListQuery {
    /// Which badges.
    pub(crate) badges: BadgeQuery,
    /// Only those of a group; there are no groups, so none.
    pub(crate) in_a_group: bool,
}

/// Words and what they mean, where the domain has no spelling of its own.
type Words<T> = [(T, &'static str)];

const STATUSES: &Words<BadgeStatus> = &[
    (BadgeStatus::Upcoming, "UPCOMING"),
    (BadgeStatus::Live, "LIVE"),
    (BadgeStatus::Expired, "EXPIRED"),
    (BadgeStatus::Expired, "ENDED"),
];
const ACTIVITIES: &Words<bool> = &[(true, "ACTIVATED"), (false, "DE_ACTIVATED")];
const SORTS: &Words<BadgeSort> = &[
    (BadgeSort::Id, "ID"),
    (BadgeSort::Name, "NAME"),
    (BadgeSort::StartDate, "START_DATE"),
];
const ORDERS: &Words<SortOrder> = &[
    (SortOrder::Descending, "DESC"),
    (SortOrder::Ascending, "ASC"),
];

/// What `query` asks for at `now`. What is wrong with it is remembered there.
pub(crate) fn read(query: &mut Query, now: Instant) -> BadgeListQuery {
    BadgeListQuery {
        badges: BadgeQuery {
            now,
            statuses: query.read("status", statuses).unwrap_or_default(),
            earn_type: query.read_either(["earnType", "badgeType"], |text| {
                one_of(text, EarnType::ALL, EarnType::name)
            }),
            active: query.read("action", |text| meaning(text, ACTIVITIES)),
            owner: query.read("owner", owner),
            claimed_by: query.read("claimedBy", owner),
            unclaimed: query.flag("unclaimed"),
            name_contains: query.text("name"),
            starts_from: query.read("startOn", moment),
            ends_until: query.read("expiresOn", moment),
            sort: query
                .read("sortOn", |text| meaning(text, SORTS))
                .unwrap_or_default(),
            order: query
                .read("order", |text| meaning(text, ORDERS))
                .unwrap_or_default(),
            page: query.read("page", number(0, u32::MAX)).unwrap_or(0),
            size: query
                .read_either(["size", "limit"], number(1, MAX_SIZE))
                .unwrap_or(DEFAULT_SIZE),
        },
        in_a_group: query.read("groupId", group).is_some(),
    }
}

fn statuses(list: &str) -> Result<Vec<BadgeStatus>, Rejection> {
    list.split(',')
        .filter(|text| !text.trim().is_empty())
        .map(|text| meaning(text.trim(), STATUSES))
        .collect()
}

fn owner(text: &str) -> Result<OwnerType, Rejection> {
    one_of(text, OwnerType::ALL, OwnerType::name)
}

fn one_of<T: Copy>(text: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, Rejection> {
    word(text, all, name).ok_or_else(|| not_a_word(all, name))
}

fn meaning<T: Copy>(text: &str, words: &Words<T>) -> Result<T, Rejection> {
    one_of(text, words, |(_, spelling)| spelling).map(|(meaning, _)| meaning)
}

fn moment(text: &str) -> Result<Instant, Rejection> {
    // A plus sign of an offset that was not percent-encoded has become a blank.
    instant::parse(&text.trim().replace(' ', "+")).map_err(Rejection::unreadable)
}

fn group(text: &str) -> Result<GroupId, Rejection> {
    text.parse()
        .map_err(|_| Rejection::unreadable("Must be the id of a group: 24 hexadecimal digits."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> (BadgeListQuery, Vec<Rejection>) {
        let mut query = Query::parse(text);
        let read = read(&mut query, Instant::MIN);
        (read, query.finish().problems)
    }

    #[test]
    fn without_parameters_it_is_the_first_page_of_the_newest() {
        let (query, problems) = read_all("");
        assert_eq!(problems, []);
        assert_eq!(
            (
                query.badges.page,
                query.badges.size,
                query.badges.sort,
                query.badges.order
            ),
            (0, 10, BadgeSort::Id, SortOrder::Descending)
        );
    }

    #[test]
    fn every_filter_is_read() {
        let (query, problems) = read_all(
            "status=LIVE,ended&badgeType=issue-earn&action=DE_ACTIVATED&owner=Loyalty\
             &claimedBy=journeys&unclaimed=false&name=50%25&startOn=1713860055\
             &expiresOn=2024-04-23T13:44:15+05:30&sortOn=start_date&order=asc&page=2&limit=100",
        );
        assert_eq!(problems, []);
        let event = Instant::from_unix_seconds(1_713_860_055).unwrap();
        assert_eq!(
            query.badges,
            BadgeQuery {
                now: Instant::MIN,
                statuses: vec![BadgeStatus::Live, BadgeStatus::Expired],
                earn_type: Some(EarnType::IssueEarn),
                active: Some(false),
                owner: Some(OwnerType::Loyalty),
                claimed_by: Some(OwnerType::Journeys),
                unclaimed: Some(false),
                name_contains: Some("50%".to_owned()),
                starts_from: Some(event),
                ends_until: Some(event),
                sort: BadgeSort::StartDate,
                order: SortOrder::Ascending,
                page: 2,
                size: 100,
            }
        );
        assert!(!query.in_a_group);
    }

    #[test]
    fn a_page_has_one_to_a_hundred_badges() {
        for size in ["0", "101", "-1", "ten"] {
            let (_, problems) = read_all(&format!("size={size}"));
            let expected = "Must be a whole number from 1 to 100.";
            assert_eq!(problems[0].message, expected, "{size}");
        }
    }
}
