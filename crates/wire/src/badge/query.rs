//! Reading which badges a list is to have.

use accolade_application::ports::{BadgeQuery, BadgeSort, PageOf};
use accolade_domain::instant::Instant;

use crate::query::Query;
use crate::query::words::{self as words, Words, meaning};

/// How many badges a page has unless told otherwise.
const DEFAULT_SIZE: u32 = 10;

const SORTS: &Words<BadgeSort> = &[
    (BadgeSort::Id, "ID"),
    (BadgeSort::Name, "NAME"),
    (BadgeSort::StartDate, "START_DATE"),
];

/// What `query` asks for at `now`. What is wrong with it is remembered there.
pub fn read(query: &mut Query, now: Instant) -> BadgeQuery {
    let asked = BadgeQuery {
        now,
        statuses: query.read("status", words::statuses).unwrap_or_default(),
        earn_type: query.read_either(["earnType", "badgeType"], words::earn_type),
        active: query.read("action", words::activity),
        owner: query.read("owner", words::owner),
        claimed_by: query.read("claimedBy", words::owner),
        unclaimed: query.flag("unclaimed"),
        name_contains: query.kept_text("name"),
        starts_from: query.read("startOn", words::moment),
        ends_until: query.read("expiresOn", words::moment),
        group: query.read("groupId", words::group),
        sort: query
            .read("sortOn", |text| meaning(text, SORTS))
            .unwrap_or_default(),
        order: words::order(query),
        page: 0,
        size: DEFAULT_SIZE,
    };
    let PageOf { page, size } = words::page(query, DEFAULT_SIZE);
    BadgeQuery {
        page,
        size,
        ..asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use accolade_application::ports::SortOrder;
    use accolade_domain::badge::{BadgeStatus, EarnType};
    use accolade_domain::owner::OwnerType;
    use accolade_domain::rejection::Rejection;

    fn read_all(text: &str) -> (BadgeQuery, Vec<Rejection>) {
        let mut query = Query::parse(text);
        let read = read(&mut query, Instant::MIN);
        (read, query.finish().problems)
    }

    #[test]
    fn without_parameters_it_is_the_first_page_of_the_newest() {
        let (query, problems) = read_all("");
        assert_eq!(problems, []);
        assert_eq!(
            (query.page, query.size, query.sort, query.order),
            (0, 10, BadgeSort::Id, SortOrder::Descending)
        );
    }

    #[test]
    fn every_filter_is_read() {
        let (query, problems) = read_all(
            "status=LIVE,ended&badgeType=issue-earn&action=DE_ACTIVATED&owner=Loyalty\
             &claimedBy=journeys&unclaimed=false&name=50%25&startOn=1713860055\
             &expiresOn=2024-04-23T13:44:15+05:30&sortOn=start_date&order=asc&groupId=664f0d8a9a2c373c7d767e9b&page=2&limit=100",
        );
        assert_eq!(problems, []);
        let event = Instant::from_unix_seconds(1_713_860_055).unwrap();
        assert_eq!(
            query,
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
                group: "664f0d8a9a2c373c7d767e9b".parse().ok(),
                sort: BadgeSort::StartDate,
                order: SortOrder::Ascending,
                page: 2,
                size: 100,
            }
        );
    }

    #[test]
    fn the_last_page_is_a_number_of_32_bits() {
        assert_eq!(read_all("page=2147483647").0.page, 2_147_483_647);
        let (_, problems) = read_all("page=2147483648");
        let expected = "Must be a whole number from 0 to 2147483647.";
        assert_eq!(problems[0].message, expected);
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
