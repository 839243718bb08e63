//! Reading which badges of a customer a list is to have.

use accolade_application::ports::{DetailsQuery, PageOf};
use accolade_domain::customer_view::{CustomerBadgeQuery, CustomerBadgeSort, CustomerBadgeType};
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Rejection;

use crate::query::words::{self as words, Words, meaning};
use crate::query::{Query, number};

/// How many badges a page has unless told otherwise.
const DEFAULT_SIZE: u32 = 10;

/// How many enrolments or earns a page of details has unless told otherwise, and at most.
const DEFAULT_RECORDS: u32 = 100;
const MOST_RECORDS: u32 = 1_000;

const TYPES: &Words<CustomerBadgeType> = &[
    (CustomerBadgeType::AvailableToIssue, "AVAILABLE_TO_ISSUE"),
    (CustomerBadgeType::Available, "AVAILABLE"),
    (CustomerBadgeType::Earned, "EARNED"),
    (CustomerBadgeType::Expired, "EXPIRED"),
];
const SORTS: &Words<CustomerBadgeSort> = &[
    (CustomerBadgeSort::Rank, "RANK"),
    (CustomerBadgeSort::LastEarnedOn, "LAST_EARNED_ON_DATE"),
    (CustomerBadgeSort::LastEarnedEvent, "LAST_EARNED_EVENT_DATE"),
];
const MANAGEMENT_SORTS: &Words<CustomerBadgeSort> = &[
    (CustomerBadgeSort::ExpiresOn, "EXPIRES_ON"),
    (CustomerBadgeSort::LastModified, "LAST_MODIFIED_DATE"),
    (CustomerBadgeSort::LastIssued, "LAST_ISSUED_DATE"),
    (CustomerBadgeSort::LastExpired, "LAST_EXPIRED_BADGE"),
    (CustomerBadgeSort::LastEarnedOn, "LAST_EARNED_ON_DATE"),
    (CustomerBadgeSort::LastEarnedEvent, "LAST_EARNED_EVENT_DATE"),
];

/// How a date is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    LessThan,
    GreaterThan,
}

const OPERATORS: &Words<Operator> = &[
    (Operator::LessThan, "LESS_THAN"),
    (Operator::GreaterThan, "GREATER_THAN"),
];

/// Which badges of whichever customer `query` asks for at `now`, as customers are shown them.
/// What is wrong with it is remembered there.
pub fn read(
    query: &mut Query,
    now: Instant,
) -> impl Fn(CustomerId) -> CustomerBadgeQuery + Send + use<> {
    let badge_type = badge_type(query);
    let include_expired = query.flag("includeExpired").unwrap_or(false);
    let group = query.read("groupId", words::group);
    let sort = query
        .read("sortOn", |text| meaning(text, SORTS))
        .unwrap_or(CustomerBadgeSort::Rank);
    let page = words::page(query, DEFAULT_SIZE);
    move |customer| CustomerBadgeQuery {
        include_expired,
        group,
        sort,
        page,
        ..CustomerBadgeQuery::new(customer, badge_type, now)
    }
}

/// The same as the care desk is shown them.
pub fn read_management(
    query: &mut Query,
    now: Instant,
) -> impl Fn(CustomerId) -> CustomerBadgeQuery + Send + use<> {
    let badge_type = badge_type(query);
    let statuses = query
        .read("badgeStatus", words::statuses)
        .unwrap_or_default();
    let active = query.read("action", words::activity);
    let owner = query.read("owner", words::owner);
    let claimed_by = query.read("claimedBy", words::owner);
    let name_contains = query.kept_text("name");
    let (starts_after, starts_before) =
        compared(query, "startOn", ["startOnOperator"], Operator::GreaterThan);
    let (ends_after, ends_before) = compared(
        query,
        "expiresOn",
        ["expiresOnOperator", "endOnOperator"],
        Operator::LessThan,
    );
    let group = query.read("groupId", words::group);
    let sort = query
        .read("sortOn", |text| meaning(text, MANAGEMENT_SORTS))
        .unwrap_or(CustomerBadgeSort::ExpiresOn);
    let order = words::order(query);
    let page = words::page(query, DEFAULT_SIZE);
    move |customer| CustomerBadgeQuery {
        customer,
        now,
        badge_type,
        include_expired: false,
        statuses: statuses.clone(),
        active,
        owner,
        claimed_by,
        name_contains: name_contains.clone(),
        starts_after,
        starts_before,
        ends_after,
        ends_before,
        group,
        sort,
        order,
        page,
        shows_enrolments: true,
    }
}

/// Which enrolments and earns of whichever customer and badge `query` asks for at `now`. What is wrong
/// with it is remembered there.
pub fn read_details(
    query: &mut Query,
    now: Instant,
) -> impl Fn(CustomerId, BadgeId) -> DetailsQuery + Send + use<> {
    let mut page = |page, limit| PageOf {
        page: words::page_number(query, page),
        size: query
            .read(limit, number(1, MOST_RECORDS))
            .unwrap_or(DEFAULT_RECORDS),
    };
    let enrolments = page("issualsPage", "issualsLimit");
    let earns = page("earnsPage", "earnsLimit");
    move |customer, badge| DetailsQuery {
        customer,
        badge,
        now,
        enrolments,
        earns,
    }
}

fn badge_type(query: &mut Query) -> CustomerBadgeType {
    query
        .read("badgeType", |text| meaning(text, TYPES))
        .unwrap_or_default()
}

/// The date `name`, as one that is to be earlier or as one that is to be later than what is
/// shown, by the operator beside it, whose names are `operators`.
fn compared<const N: usize>(
    query: &mut Query,
    name: &str,
    operators: [&str; N],
    default: Operator,
) -> (Option<Instant>, Option<Instant>) {
    let is_there = query.has(name);
    let date = query.read(name, words::moment);
    let given = operators.into_iter().find(|beside| query.has(beside));
    let operator = query.read_either(operators, |text| meaning(text, OPERATORS));
    if let Some(beside) = given
        && operator.is_some()
        && !is_there
    {
        let message = format!("Means nothing without {name}. Send both.");
        query.refuse(Rejection::unreadable(message).at_field(beside));
    }
    match operator.unwrap_or(default) {
        Operator::GreaterThan => (date, None),
        Operator::LessThan => (None, date),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use accolade_application::ports::SortOrder;
    use accolade_domain::badge::BadgeStatus;
    use accolade_domain::owner::OwnerType;

    fn asked<Q: Fn(CustomerId) -> CustomerBadgeQuery>(
        text: &str,
        read: impl Fn(&mut Query, Instant) -> Q,
    ) -> (CustomerBadgeQuery, Vec<Option<String>>) {
        let mut query = Query::parse(text);
        let of = read(&mut query, Instant::MIN);
        let report = query.finish();
        let fields = report.problems.into_iter().chain(report.warnings);
        let fields = fields.map(|rejection| rejection.field).collect();
        (of(7.try_into().unwrap()), fields)
    }

    fn nothing() -> CustomerBadgeQuery {
        CustomerBadgeQuery {
            customer: 7.try_into().unwrap(),
            now: Instant::MIN,
            badge_type: CustomerBadgeType::AvailableToIssue,
            include_expired: false,
            statuses: Vec::new(),
            active: None,
            owner: None,
            claimed_by: None,
            name_contains: None,
            starts_after: None,
            starts_before: None,
            ends_after: None,
            ends_before: None,
            group: None,
            sort: CustomerBadgeSort::Rank,
            order: SortOrder::Descending,
            page: PageOf { page: 0, size: 10 },
            shows_enrolments: false,
        }
    }

    #[test]
    fn without_parameters_it_is_what_is_open_for_enrolment() {
        assert_eq!(asked("", read), (nothing(), vec![]));
        let expected = CustomerBadgeQuery {
            sort: CustomerBadgeSort::ExpiresOn,
            shows_enrolments: true,
            ..nothing()
        };
        assert_eq!(asked("", read_management), (expected, vec![]));
    }

    #[test]
    fn every_filter_is_read() {
        let at = |seconds| Instant::from_unix_seconds(seconds).ok();
        let group = "664f0d8a9a2c373c7d767e9b";
        let expected = CustomerBadgeQuery {
            badge_type: CustomerBadgeType::Expired,
            include_expired: true,
            group: group.parse().ok(),
            sort: CustomerBadgeSort::LastEarnedEvent,
            page: PageOf { page: 2, size: 3 },
            ..nothing()
        };
        let text = format!(
            "badgeType=expired&includeExpired=true&groupId={group}&sortOn=LAST_EARNED_EVENT_DATE&page=2&limit=3"
        );
        assert_eq!(asked(&text, read), (expected, vec![]));
        let expected = CustomerBadgeQuery {
            badge_type: CustomerBadgeType::Earned,
            statuses: vec![BadgeStatus::Live],
            active: Some(false),
            owner: Some(OwnerType::Loyalty),
            claimed_by: Some(OwnerType::Journeys),
            name_contains: Some("x".to_owned()),
            starts_before: at(5),
            ends_after: at(6),
            group: group.parse().ok(),
            sort: CustomerBadgeSort::LastIssued,
            order: SortOrder::Ascending,
            shows_enrolments: true,
            ..nothing()
        };
        let text = format!(
            "badgeType=EARNED&badgeStatus=LIVE&action=DE_ACTIVATED&owner=Loyalty&claimedBy=Journeys&name=x\
             &startOn=5&startOnOperator=LESS_THAN&expiresOn=6&expiresOnOperator=greater-than\
             &groupId={group}&sortOn=LAST_ISSUED_DATE&order=ASC"
        );
        assert_eq!(asked(&text, read_management), (expected, vec![]));
    }

    #[test]
    fn the_operator_of_the_end_has_two_names_and_off_two_spellings() {
        let at = |seconds| Instant::from_unix_seconds(seconds).ok();
        let text = "expiresOn=6&endOnOperator=GREATER_THAN&action=deactivated";
        let (query, fields) = asked(text, read_management);
        assert_eq!((query.ends_after, query.ends_before), (at(6), None));
        assert_eq!((query.active, fields), (Some(false), vec![]));
        let both = "expiresOn=6&expiresOnOperator=LESS_THAN&endOnOperator=GREATER_THAN";
        let (_, fields) = asked(both, read_management);
        assert_eq!(fields, [Some("endOnOperator".to_owned())]);
        let (_, fields) = asked("endOnOperator=LESS_THAN", read_management);
        assert_eq!(fields, [Some("endOnOperator".to_owned())]);
    }

    #[test]
    fn details_are_read_a_hundred_at_a_time_and_at_most_a_thousand() {
        let details = |text: &str| {
            let mut query = Query::parse(text);
            let details = read_details(&mut query, Instant::MIN);
            let problems = query.finish().problems.into_iter().map(|it| it.field);
            let badge = "66276dc68fe258516a88ff8e".parse().unwrap();
            let details = details(7.try_into().unwrap(), badge);
            (
                details.enrolments,
                details.earns,
                problems.flatten().collect::<Vec<_>>(),
            )
        };
        let page = |page, size| PageOf { page, size };
        assert_eq!(details(""), (page(0, 100), page(0, 100), vec![]));
        assert_eq!(
            details("earnsLimit=1000&issualsLimit=1&earnsPage=3&issualsPage=2147483647"),
            (page(2_147_483_647, 1), page(3, 1_000), vec![])
        );
        for wrong in ["earnsLimit=1001", "issualsLimit=0", "earnsPage=-1"] {
            let (name, _) = wrong.split_once('=').unwrap();
            assert_eq!(details(wrong).2, [name]);
        }
    }

    #[test]
    fn an_operator_without_its_date_and_what_is_not_read_are_named() {
        let (_, fields) = asked("startOnOperator=LESS_THAN&sortOn=RANK", read_management);
        let expected = ["startOnOperator", "sortOn"].map(|name| Some(name.to_owned()));
        assert_eq!(fields, expected);
    }
}
