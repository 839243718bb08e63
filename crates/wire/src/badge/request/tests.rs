//! What *create* reads, what it warns of, and what it refuses.

use std::collections::BTreeSet;

use accolade_domain::badge::constraint::{
    Constraint, Count, Cycle, FixedWindowDraft, RollingWindow, Weekday,
};
use accolade_domain::badge::{Expiry, ExpiryValue};
use accolade_domain::instant::Instant;
use accolade_domain::zone::CalendarUnit;
use utoipa::PartialSchema as _;

use super::*;

type Report = Vec<(u32, String)>;

fn report(rejections: &[Rejection]) -> Report {
    rejections
        .iter()
        .map(|rejection| {
            let field = rejection.field.clone().unwrap_or_default();
            (rejection.code.number(), field)
        })
        .collect()
}

fn at(entries: &[(u32, &str)]) -> Report {
    entries
        .iter()
        .map(|(code, path)| (*code, (*path).to_owned()))
        .collect()
}

fn parsed(body: &str) -> (BadgeRequest, Report) {
    let (id, request, warnings) = created(body, NewId::Made);
    assert_eq!(id, None);
    (request, warnings)
}

fn created(body: &str, new_id: NewId) -> (Option<BadgeId>, BadgeRequest, Report) {
    let Parsed { value, warnings } = read(body.as_bytes(), new_id).unwrap();
    let (id, request) = value;
    (id, request, report(&warnings))
}

fn read_text(body: &str) -> BadgeRequest {
    parsed(body).0
}

fn problems(body: &str) -> Report {
    report(&read_text(body).unread)
}

fn warnings(body: &str) -> Report {
    parsed(body).1
}

fn expiry(body: &str) -> (Option<Expiry>, Report, Report) {
    let (request, warnings) = parsed(&format!(r#"{{"earnedBadgeExpiry":{body}}}"#));
    (
        request.draft.earned_expiry,
        report(&request.unread),
        warnings,
    )
}

fn constraint(list: &str, body: &str) -> (Vec<Constraint<FixedWindowDraft>>, Report, Report) {
    let (request, warnings) = parsed(&format!(r#"{{"{list}":[{body}]}}"#));
    let mut constraints = request.draft.customer_constraints;
    constraints.extend(request.draft.badge_constraints);
    (constraints, report(&request.unread), warnings)
}

fn instant(seconds: i64) -> Instant {
    Instant::from_unix_seconds(seconds).unwrap()
}

#[test]
fn whether_a_badge_is_on_is_said_under_either_name() {
    assert_eq!(read_text("{}").active, None);
    assert_eq!(read_text(r#"{"active":false}"#).active, Some(false));
    assert_eq!(read_text(r#"{"isActive":false}"#).active, Some(false));
    assert_eq!(
        problems(r#"{"active":true,"isActive":false}"#),
        at(&[(400, "isActive")])
    );
}

#[test]
fn what_only_answers_have_is_ignored_with_a_warning_unless_null() {
    assert_eq!(
        warnings(
            r#"{"id":"8","orgId":1,"status":"LIVE","createdOn":1,"issuedCount":null,
                "ownership":{"restrictedToOwners":["Loyalty"],"claims":[]},"points":100}"#
        ),
        at(&[
            (1993, "ownership.claims"),
            (1993, "id"),
            (1993, "orgId"),
            (1993, "status"),
            (1993, "createdOn"),
            (1990, "points"),
        ])
    );
}

#[test]
fn a_badge_that_is_taken_over_keeps_its_id_if_it_has_one() {
    let taken_over = |body: &str| {
        let (id, request, warnings) = created(body, NewId::TakenOver);
        assert_eq!(warnings, []);
        (id.map(|id| id.to_string()), report(&request.unread))
    };
    let id = "66276dc68fe258516a88ff8e";
    let body = r#"{"id":"66276DC68FE258516A88FF8E"}"#;
    assert_eq!(taken_over(body), (Some(id.to_owned()), vec![]));
    assert_eq!(taken_over(r#"{"id":null}"#), (None, vec![]));
    assert_eq!(taken_over("{}"), (None, vec![]));
    assert_eq!(taken_over(r#"{"id":"8"}"#), (None, at(&[(400, "id")])));
}

#[test]
fn an_enrolment_expiry_means_nothing_for_a_badge_that_is_earned_directly() {
    let body = r#"{"earnType":"EARN","issuedBadgeExpiry":{"nonsense":1}}"#;
    assert_eq!(warnings(body), at(&[(1993, "issuedBadgeExpiry")]));
    assert_eq!(read_text(body).draft.enrolment_expiry, None);
}

#[test]
fn a_group_and_the_values_of_custom_fields_are_read() {
    let (request, warnings) = parsed(
        r#"{"badgeGroupId":"664F0d8a9a2c373c7d767e9b",
            "customFields":{"Priority":1,"2024":true,"Tier":"gold","nothing":null}}"#,
    );
    assert_eq!((report(&request.unread), warnings), (vec![], vec![]));
    let group = request.draft.group.unwrap();
    assert_eq!(group.to_string(), "664f0d8a9a2c373c7d767e9b");
    let values: Vec<_> = request
        .draft
        .custom_values
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        values,
        [("2024", "true"), ("Priority", "1"), ("Tier", "gold")]
    );
    assert_eq!(problems(r#"{"customFields":{},"badgeGroupId":null}"#), []);
    assert_eq!(
        problems(r#"{"badgeGroupId":"8","customFields":[]}"#),
        at(&[(400, "badgeGroupId"), (400, "customFields")])
    );
    assert_eq!(
        problems(r#"{"customFields":{"":"x","a":{}}}"#),
        at(&[(746, "customFields."), (400, "customFields.a")])
    );
}

#[test]
fn an_update_says_which_badge_and_which_windows_it_means() {
    let id = "66276dc68fe258516a88ff8e";
    let other = "66276dc68fe258516a88ff8f".parse().unwrap();
    let update = |body: &str, named| {
        read_update(body.as_bytes(), named)
            .map(|parsed| {
                let (found, request) = parsed.value;
                (found.map(|id| id.to_string()), report(&request.unread))
            })
            .map_err(|problems| report(&problems))
    };
    let body = format!(r#"{{"id":"{id}"}}"#);
    let same = Named::InPath(id.parse().ok());
    assert_eq!(
        update(&body, Named::InBody),
        Ok((Some(id.to_owned()), vec![]))
    );
    assert_eq!(update(&body, same), Ok((Some(id.to_owned()), vec![])));
    assert_eq!(update("{}", same), Ok((None, vec![])));
    assert_eq!(
        update(&body, Named::InPath(Some(other))),
        Ok((Some(id.to_owned()), at(&[(400, "id")])))
    );
    assert_eq!(
        update(r#"{"name":""}"#, Named::InBody),
        Err(at(&[(400, "id"), (400, "name")]))
    );
    let window = |reference: &str| {
        format!(
            r#"{{"badgeConstraints":[{{"constraintType":"BADGE_FIXED_WINDOW","durationType":"MONTHS",
                "maxEarnLimit":1,"referenceId":"{reference}"}}]}}"#
        )
    };
    let reference = "e6791ec9-e92f-34af-bdc3-be2607fdf82c";
    let parsed = read_update(window(reference).as_bytes(), same).unwrap();
    let Constraint::FixedWindow(found) = &parsed.value.1.draft.badge_constraints[0] else {
        panic!("no window");
    };
    assert_eq!(found.reference.unwrap().to_string(), reference);
    assert_eq!(parsed.warnings, []);
    assert_eq!(
        update(&window("x"), same),
        Ok((None, at(&[(400, "badgeConstraints[0].referenceId")])))
    );
}

#[test]
fn every_form_of_an_expiry_is_read() {
    let value = |value| ExpiryValue::try_from(value).unwrap();
    for (body, expected) in [
        (
            r#"{"expiryType":"RELATIVE","relativeExpirytype":"WEEKS","value":2}"#,
            Expiry::Relative {
                unit: CalendarUnit::Weeks,
                value: value(2),
            },
        ),
        (
            r#"{"expiryType":"relative","relativeExpiryType":"months","value":36500}"#,
            Expiry::Relative {
                unit: CalendarUnit::Months,
                value: value(36_500),
            },
        ),
        (
            r#"{"expiryType":"ABSOLUTE","type":"WITH_BADGE_META","expiresOn":null,"expireWithBadgeMeta":true}"#,
            Expiry::WithBadge,
        ),
        (
            r#"{"expiryType":"ABSOLUTE","expireWithBadgeMeta":true}"#,
            Expiry::WithBadge,
        ),
        (
            r#"{"expiryType":"ABSOLUTE","type":"FIXED_DATE","expiresOn":1926235957,"expireWithBadgeMeta":false}"#,
            Expiry::FixedDate(instant(1_926_235_957)),
        ),
        (
            r#"{"expiryType":"ABSOLUTE","expiresOnISO":"2031-01-15T09:32:37Z"}"#,
            Expiry::FixedDate(instant(1_926_235_957)),
        ),
        (r#"{"expiryType":"NEVER"}"#, Expiry::Never),
    ] {
        assert_eq!(expiry(body), (Some(expected), vec![], vec![]), "{body}");
    }
}

#[test]
fn what_is_wrong_with_an_expiry_is_said_at_its_field() {
    for (body, expected) in [
        ("{}", at(&[(400, "earnedBadgeExpiry.expiryType")])),
        (
            r#"{"expiryType":"SOMETIMES"}"#,
            at(&[(400, "earnedBadgeExpiry.expiryType")]),
        ),
        (
            r#"{"expiryType":"RELATIVE"}"#,
            at(&[
                (400, "earnedBadgeExpiry.relativeExpirytype"),
                (400, "earnedBadgeExpiry.value"),
            ]),
        ),
        (
            r#"{"expiryType":"RELATIVE","relativeExpirytype":"DAYS","value":36501}"#,
            at(&[(400, "earnedBadgeExpiry.value")]),
        ),
        (
            r#"{"expiryType":"ABSOLUTE"}"#,
            at(&[(400, "earnedBadgeExpiry.expiresOn")]),
        ),
        (
            r#"{"expiryType":"ABSOLUTE","type":"WITH_BADGE_META","expireWithBadgeMeta":false}"#,
            at(&[(400, "earnedBadgeExpiry.expireWithBadgeMeta")]),
        ),
    ] {
        let (read, problems, _) = expiry(body);
        assert_eq!((read, problems), (None, expected), "{body}");
    }
}

#[test]
fn what_means_nothing_for_the_type_of_an_expiry_is_ignored_with_a_warning() {
    let (read, problems, warnings) = expiry(
        r#"{"expiryType":"ABSOLUTE","type":"WITH_BADGE_META","expiresOn":"x","value":2,"o":1}"#,
    );
    assert_eq!((read, problems), (Some(Expiry::WithBadge), vec![]));
    assert_eq!(
        warnings,
        at(&[
            (1993, "earnedBadgeExpiry.value"),
            (1993, "earnedBadgeExpiry.expiresOn"),
            (1990, "earnedBadgeExpiry.o"),
        ])
    );
}

#[test]
fn every_kind_of_a_limit_is_read() {
    let count = |n| Count::try_from(n).unwrap();
    let fixed = |cycle| {
        Constraint::FixedWindow(FixedWindowDraft {
            reference: None,
            cycle,
            max: count(2),
        })
    };
    let rolling = |unit, length, max| RollingWindow {
        unit,
        length: count(length),
        max: count(max),
    };
    let monday = Cycle::Weeks {
        starts_on: Weekday::Monday,
    };
    let sunday = Cycle::Weeks {
        starts_on: Weekday::Sunday,
    };
    for (list, body, expected) in [
        (
            "customerConstraints",
            r#"{"constraintType":"CUSTOMER_BADGE_FIXED_VALUE","maxEarnLimit":100}"#,
            Constraint::FixedValue(count(100)),
        ),
        (
            "badgeConstraints",
            r#"{"constraintType":"badge-fixed-window","maxEarnLimit":2,"durationType":"DAYS","refreshRate":3}"#,
            fixed(Cycle::Days {
                refresh_rate: count(3),
            }),
        ),
        (
            "badgeConstraints",
            r#"{"constraintType":"BADGE_FIXED_WINDOW","maxEarnLimit":2,"durationType":"WEEKLY"}"#,
            fixed(monday),
        ),
        (
            "badgeConstraints",
            r#"{"constraintType":"BADGE_FIXED_WINDOW","maxEarnLimit":2,"durationType":"WEEKS","startDayOfTheWeek":7}"#,
            fixed(sunday),
        ),
        (
            "badgeConstraints",
            r#"{"constraintType":"BADGE_FIXED_WINDOW","maxEarnLimit":2,"durationType":"WEEKS","startDayOfTheWeek":"sunday"}"#,
            fixed(sunday),
        ),
        (
            "badgeConstraints",
            r#"{"constraintType":"BADGE_FIXED_WINDOW","maxEarnLimit":2,"durationType":"MONTHLY"}"#,
            fixed(Cycle::Months),
        ),
        (
            "customerConstraints",
            r#"{"constraintType":"CUSTOMER_BADGE_ROLLING_WINDOW","maxEarnForDays":50,"rollForDays":5,"maxEarnForMonths":200,"rollForMonths":1}"#,
            Constraint::RollingWindow(vec![
                rolling(CalendarUnit::Days, 5, 50),
                rolling(CalendarUnit::Months, 1, 200),
            ]),
        ),
        (
            "badgeConstraints",
            r#"{"constraintType":"BADGE_ROLLING_WINDOW","rollType":"WEEKS","rollValue":1,"maxEarnLimit":3000}"#,
            Constraint::RollingWindow(vec![rolling(CalendarUnit::Weeks, 1, 3000)]),
        ),
        (
            "customerConstraints",
            r#"{"constraintType":"CUSTOMER_BADGE_NO_LIMIT"}"#,
            Constraint::NoLimit,
        ),
    ] {
        assert_eq!(
            constraint(list, body),
            (vec![expected], vec![], vec![]),
            "{body}"
        );
    }
}

#[test]
fn a_limit_counts_where_its_kind_belongs_whichever_list_it_is_in() {
    let fixed = |kind: &str, max: u32| {
        format!(r#"{{"constraintType":"{kind}_FIXED_VALUE","maxEarnLimit":{max}}}"#)
    };
    let customer = |max| fixed("CUSTOMER_BADGE", max);
    let badge = |max| fixed("BADGE", max);
    let (request, warnings) = parsed(&format!(
        r#"{{"customerConstraints":[{},{}],"badgeConstraints":[{},{}]}}"#,
        badge(1),
        customer(2),
        customer(3),
        badge(4)
    ));
    assert_eq!((report(&request.unread), warnings), (vec![], vec![]));
    let values =
        |maxima: [i64; 2]| maxima.map(|max| Constraint::FixedValue(max.try_into().unwrap()));
    assert_eq!(request.draft.customer_constraints, values([2, 3]));
    assert_eq!(request.draft.badge_constraints, values([4, 1]));
}

#[test]
fn what_is_wrong_with_a_limit_is_said_at_its_field() {
    let pairs = "customerConstraints";
    for (list, body, expected) in [
        (
            pairs,
            r#"{"constraintType":"CUSTOMER_BADGE_ROLLING_WINDOW","maxEarnForDays":1,"rollForWeeks":1}"#,
            at(&[
                (400, "customerConstraints[0].rollForDays"),
                (400, "customerConstraints[0].maxEarnForWeeks"),
            ]),
        ),
        (
            pairs,
            r#"{"constraintType":"CUSTOMER_BADGE_ROLLING_WINDOW"}"#,
            at(&[(400, "customerConstraints[0]")]),
        ),
        (
            pairs,
            r#"{"constraintType":"NO_LIMIT"}"#,
            at(&[(400, "customerConstraints[0].constraintType")]),
        ),
        (
            "badgeConstraints",
            r#"{"constraintType":"BADGE_FIXED_VALUE","maxEarnLimit":0}"#,
            at(&[(400, "badgeConstraints[0].maxEarnLimit")]),
        ),
        (
            "badgeConstraints",
            r#"{"constraintType":"BADGE_FIXED_WINDOW","durationType":"DAYS","maxEarnLimit":2}"#,
            at(&[(400, "badgeConstraints[0].refreshRate")]),
        ),
        (
            "badgeConstraints",
            r#"{"constraintType":"BADGE_FIXED_WINDOW","durationType":"WEEKS","startDayOfTheWeek":8,"maxEarnLimit":2}"#,
            at(&[(400, "badgeConstraints[0].startDayOfTheWeek")]),
        ),
    ] {
        let (read, problems, _) = constraint(list, body);
        assert_eq!((read, problems), (vec![], expected), "{body}");
    }
}

#[test]
fn what_means_nothing_for_the_kind_of_a_limit_is_ignored_with_a_warning() {
    let (read, problems, warnings) = constraint(
        "customerConstraints",
        r#"{"constraintType":"CUSTOMER_BADGE_FIXED_WINDOW","maxEarnLimit":2,"durationType":"DAYS",
            "refreshRate":3,"startDayOfTheWeek":1,"referenceId":"x","cycleStatus":"ACTIVE","o":1}"#,
    );
    assert_eq!((read.len(), problems), (1, vec![]));
    assert_eq!(
        warnings,
        at(&[
            (1993, "customerConstraints[0].startDayOfTheWeek"),
            (1993, "customerConstraints[0].referenceId"),
            (1993, "customerConstraints[0].cycleStatus"),
            (1990, "customerConstraints[0].o"),
        ])
    );
}

#[test]
fn what_is_wrong_deep_in_a_benefit_is_found_where_it_is() {
    let body = r#"{"benefits":[{"benefitType":"A",
        "a":{"b":[{"c":1,"c":2},"\ud800",null]},"d":{"\udc00":1},"e":"\udc00","f":"\ud83c\udf96"}]}"#;
    assert_eq!(
        problems(body),
        at(&[
            (400, "benefits[0].a.b[0].c"),
            (400, "benefits[0].a.b[1]"),
            (400, "benefits[0].d"),
            (400, "benefits[0].e"),
        ])
    );
}

#[test]
fn a_benefit_is_kept_as_it_was_sent() {
    let (request, warnings) =
        parsed(r#"{"benefits":[ {"seriesId": 1.00, "benefitType": "COUPON", "x": {"a": null}} ]}"#);
    assert_eq!(report(&request.unread), []);
    assert_eq!(warnings, []);
    assert_eq!(
        request.draft.benefits[0].json(),
        r#"{"seriesId":1.00,"benefitType":"COUPON","x":{"a":null}}"#
    );
    assert_eq!(
        problems(
            r#"{"benefits":[{"seriesId":1},{"benefitType":5},"COUPON",{"benefitType":"A","x":"\u0000"}]}"#
        ),
        at(&[
            (400, "benefits[0].benefitType"),
            (400, "benefits[1].benefitType"),
            (400, "benefits[2]"),
            (400, "benefits[3]"),
        ])
    );
}

#[test]
fn images_and_tags_are_checked_part_by_part() {
    assert_eq!(
        problems(
            r#"{"images":[{"url":"string","tag":"GOLD"},{}],"tags":[{"name1":"a"},{"name":"a"}]}"#
        ),
        at(&[
            (400, "images[0].url"),
            (400, "images[0].tag"),
            (400, "tags[0].name"),
        ])
    );
}

#[test]
fn lists_end_at_a_hundred_elements() {
    let tags = vec![r#"{"name":"a"}"#; 101].join(",");
    let body = format!(r#"{{"tags":[{tags}]}}"#);
    assert_eq!(problems(&body), at(&[(400, "tags")]));
}

#[test]
fn the_document_describes_the_fields_that_are_read() {
    let schema = serde_json::to_value(BadgeRequestBody::schema()).unwrap();
    let described: BTreeSet<_> = schema["properties"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let body: serde_json::Map<_, _> = described
        .iter()
        .map(|name| (name.clone(), serde_json::json!(0)))
        .collect();
    let body = serde_json::to_string(&body).unwrap();
    let parsed = read_update(body.as_bytes(), Named::InPath(None)).unwrap();
    assert_eq!(report(&parsed.warnings), []);
}
