//! The body of a request to enrol customers.

use accolade_domain::ids::{BadgeId, CustomerId};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::instant::{WireInstant, WireIso};
use crate::json::{PositiveId, TextOrNumber};
use crate::request::batch::{Shape, TriggeredBy, TypedBatch};

/// What is its own of the body of a request to enrol.
pub const SHAPE: Shape = Shape {
    customers: "customers",
    event: "issueEventDate",
    needs_request_id: false,
};

/// Customers to enrol for a badge.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = EnrolmentRequest)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnrolmentRequest<'a> {
    /// The badge.
    #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
    badge_meta_id: BadgeId,
    /// The customers: numbers, or strings of digits; identifiers, if the header says so.
    #[schema(value_type = Vec<i64>, min_items = 1, example = json!([62_090_013]))]
    customers: Vec<PositiveId<CustomerId>>,
    /// The caller's id of this request, 1 to 255 characters; one is made if it is absent.
    #[schema(value_type = Option<String>, example = "21390")]
    request_id: Option<TextOrNumber>,
    /// When the customers were enrolled; now if it is absent.
    #[serde(borrow)]
    #[schema(value_type = Option<WireInstant>)]
    issue_event_date: Option<&'a RawValue>,
    /// The same as text; wins over the number.
    #[serde(borrow, rename = "issueEventDateISO")]
    #[schema(value_type = Option<WireIso>)]
    issue_event_date_iso: Option<&'a RawValue>,
    /// Who triggers it; absent if it is done by hand at the care desk.
    triggered_by: Option<TriggeredBy>,
}

impl<'a> From<EnrolmentRequest<'a>> for TypedBatch<'a> {
    fn from(request: EnrolmentRequest<'a>) -> Self {
        Self {
            badge: request.badge_meta_id,
            customers: request.customers,
            request_id: request.request_id,
            event: request.issue_event_date,
            event_iso: request.issue_event_date_iso,
            triggered_by: request.triggered_by,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customer::named::NamedCustomers;
    use crate::json::{self, Parsed};
    use crate::request::batch::{Batch, Reading};
    use accolade_domain::customer::DistinctCustomers;
    use accolade_domain::instant::Instant;
    use accolade_domain::owner::OwnerType;
    use accolade_domain::rejection::Rejection;
    use accolade_domain::text::RequestId;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const READING: Reading<'static> = Reading {
        max_customers: 4,
        request_id: None,
        named_by: None,
    };

    fn read(reading: Reading<'_>, body: &[u8]) -> Result<Parsed<Batch>, Vec<Rejection>> {
        reading.batch::<EnrolmentRequest<'_>>(SHAPE, body)
    }

    fn count(customers: &NamedCustomers) -> usize {
        match customers {
            NamedCustomers::Numbers(customers) => customers.customers().len(),
            NamedCustomers::Identifiers(_, all) => all.len(),
        }
    }

    type Report = Vec<(u32, Option<String>)>;

    fn report(rejections: &[Rejection]) -> Report {
        rejections
            .iter()
            .map(|rejection| (rejection.code.number(), rejection.field.clone()))
            .collect()
    }

    fn problems(body: &Value) -> Report {
        report(&read(READING, body.to_string().as_bytes()).unwrap_err())
    }

    fn expected<const N: usize>(report: [(u32, &str); N]) -> Report {
        report
            .map(|(code, path)| (code, Some(path.to_owned())))
            .into()
    }

    fn slowly(reading: Reading<'_>, body: &[u8]) -> Result<Parsed<Batch>, Vec<Rejection>> {
        json::read(body, |fields| reading.read_slowly(SHAPE, fields))
    }

    fn fast(reading: Reading<'_>, body: &[u8]) -> Option<Parsed<Batch>> {
        reading.take(
            SHAPE,
            serde_json::from_slice::<EnrolmentRequest<'_>>(body)
                .ok()?
                .into(),
        )
    }

    const EXAMPLE: &str = r#"{
        "badgeMetaId": "66276dc68fe258516a88ff8e",
        "customers": [62090013],
        "requestId": "21390",
        "issueEventDate" : 1713860055,
        "issueEventDateISO" : "2024-04-23T13:44:15+05:30",
        "triggeredBy": {"ownerType": "Loyalty", "referenceId": "123694"}
    }"#;

    #[test]
    fn the_apis_own_example_is_read_fast_and_without_a_warning() {
        let parsed = fast(READING, EXAMPLE.as_bytes()).unwrap();
        assert_eq!(parsed.warnings, []);
        let body = &parsed.value;
        assert_eq!(body.badge.to_string(), "66276dc68fe258516a88ff8e");
        assert_eq!(
            body.customers,
            NamedCustomers::Numbers(DistinctCustomers::of(vec![62_090_013.try_into().unwrap()]))
        );
        assert_eq!(body.request_id, RequestId::try_from("21390").ok());
        assert_eq!(
            body.event_on,
            Instant::from_unix_seconds(1_713_860_055).ok()
        );
        let owner = body.triggered_by.clone().unwrap();
        assert_eq!(owner.owner_type, OwnerType::Loyalty);
        assert_eq!(owner.reference.as_str(), "123694");
        assert_eq!(slowly(READING, EXAMPLE.as_bytes()), Ok(parsed));
    }

    #[test]
    fn the_apis_example_as_it_was_printed_is_refused_with_line_and_column() {
        let printed = EXAMPLE.replace(
            "\"2024-04-23T13:44:15+05:30\",",
            "2024-04-23T13:44:15+05:30",
        );
        let problems = read(READING, printed.as_bytes()).unwrap_err();
        assert_eq!(
            problems[0].message,
            "The body is not valid JSON: expected `,` or `}` at line 6 column 35."
        );
    }

    #[test]
    fn every_problem_of_a_body_is_reported_at_once() {
        assert_eq!(
            problems(&json!({
                "badgeMetaId": "8",
                "customers": [1, 0, "x", null],
                "requestId": "",
                "issueEventDate": "yesterday",
                "issueEventDateISO": 5,
                "triggeredBy": {"ownerType": "Loyalities"},
            })),
            expected([
                (999_999, "badgeMetaId"),
                (999_999, "customers[1]"),
                (999_999, "customers[2]"),
                (999_999, "customers[3]"),
                (999_999, "requestId"),
                (999_999, "issueEventDate"),
                (999_999, "issueEventDateISO"),
                (400, "triggeredBy.ownerType"),
                (717, "triggeredBy.referenceId"),
            ])
        );
        assert_eq!(
            problems(&json!({"triggeredBy": {}})),
            expected([
                (999_999, "badgeMetaId"),
                (812, "customers"),
                (716, "triggeredBy.ownerType"),
                (717, "triggeredBy.referenceId"),
            ])
        );
    }

    #[test]
    fn no_customers_and_too_many_have_codes_of_their_own() {
        let badge = "66276dc68fe258516a88ff8e";
        let of =
            |customers: Value| problems(&json!({"badgeMetaId": badge, "customers": customers}));
        assert_eq!(of(json!([])), expected([(812, "customers")]));
        assert_eq!(of(Value::Null), expected([(812, "customers")]));
        assert_eq!(of(json!([1, 2, 3, 4, 5])), expected([(1905, "customers")]));
        assert_eq!(of(json!(5)), expected([(999_999, "customers")]));
    }

    #[test]
    fn repeats_and_unknown_fields_and_dates_that_disagree_are_warnings() {
        let body = json!({
            "badgeMetaId": "66276dc68fe258516a88ff8e",
            "customers": [7, "7", 8, 7],
            "issueEventDate": 5,
            "issueEventDateISO": "1970-01-01T00:00:07Z",
            "isueEventDate": 6,
            "triggeredBy": {"ownerType": "loyalty", "referenceId": 5, "note": true},
        });
        let parsed = read(READING, body.to_string().as_bytes()).unwrap();
        assert_eq!(
            report(&parsed.warnings),
            expected([
                (1991, "issueEventDate"),
                (1990, "triggeredBy.note"),
                (1992, "customers[1]"),
                (1992, "customers[3]"),
                (1990, "isueEventDate"),
            ])
        );
        assert_eq!(count(&parsed.value.customers), 2);
    }

    #[test]
    fn ten_thousand_customers_are_read_fast() {
        let customers: Vec<_> = (1..=10_000).collect();
        let body = json!({"badgeMetaId": "66276dc68fe258516a88ff8e", "customers": customers});
        let reading = Reading {
            max_customers: 10_000,
            ..READING
        };
        let parsed = fast(reading, body.to_string().as_bytes()).unwrap();
        assert_eq!(count(&parsed.value.customers), 10_000);
    }

    #[test]
    fn the_bodys_request_id_wins_over_the_headers() {
        let reading = Reading {
            request_id: Some(b"from-header"),
            ..READING
        };
        let id = |request_id: Value| {
            let body = json!({"badgeMetaId": "66276dc68fe258516a88ff8e", "customers": [1], "requestId": request_id});
            let body = body.to_string();
            let parsed = read(reading, body.as_bytes()).unwrap();
            assert_eq!(slowly(reading, body.as_bytes()), Ok(parsed.clone()));
            parsed.value.request_id.map(String::from)
        };
        assert_eq!(id(json!(2132)).as_deref(), Some("2132"));
        assert_eq!(id(Value::Null).as_deref(), Some("from-header"));
        let reading = Reading {
            request_id: Some(b"\xff"),
            ..READING
        };
        let body = json!({"badgeMetaId": "66276dc68fe258516a88ff8e", "customers": [1]});
        assert_eq!(
            report(&read(reading, body.to_string().as_bytes()).unwrap_err()),
            expected([(999_999, "requestId")])
        );
    }

    fn absent_or(value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
        prop_oneof![1 => Just(Value::Null), 4 => value].boxed()
    }

    fn text_or_number() -> BoxedStrategy<Value> {
        prop_oneof![
            ".{1,8}".prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            Just(json!("")),
            Just(json!([])),
        ]
        .boxed()
    }

    fn body() -> impl Strategy<Value = Value> {
        let customer = prop_oneof![
            20 => (1..5_i64).prop_map(Value::from),
            5 => (1..5_i64).prop_map(|id| Value::from(id.to_string())),
            1 => prop_oneof![Just(json!(0)), Just(json!(1.5)), Just(json!(u64::MAX)), Just(json!({}))],
        ];
        let instant = prop_oneof![
            Just(json!(1_713_860_055)),
            Just(json!("1713860055.5")),
            Just(json!("2024-04-23T13:44:15+05:30")),
            Just(json!(1_713_860_057_000_i64)),
            Just(json!("never")),
        ];
        let triggered_by = (
            prop_oneof![3 => Just(json!("loyalty")), 1 => Just(json!("x")), 1 => Just(Value::Null)],
            absent_or(text_or_number()),
        )
            .prop_map(|(owner, reference)| json!({"ownerType": owner, "referenceId": reference}));
        (
            prop_oneof![9 => Just(json!("66276dc68fe258516a88FF8E")), 1 => Just(json!("8"))],
            proptest::collection::vec(customer, 0..6),
            absent_or(text_or_number()),
            absent_or(instant.clone()),
            absent_or(instant),
            absent_or(triggered_by),
            proptest::option::weighted(0.2, Just(json!(1))),
        )
            .prop_map(
                |(badge, customers, request_id, on, iso, triggered_by, more)| {
                    let mut body = json!({
                        "badgeMetaId": badge,
                        "customers": customers,
                        "requestId": request_id,
                        "issueEventDate": on,
                        "issueEventDateISO": iso,
                        "triggeredBy": triggered_by,
                    });
                    if let Some(more) = more {
                        body["more"] = more;
                    }
                    body
                },
            )
    }

    proptest! {
        #[test]
        fn what_is_read_fast_is_what_is_read_slowly(body in body()) {
            let body = body.to_string();
            let slow = slowly(READING, body.as_bytes());
            if let Some(fast) = fast(READING, body.as_bytes()) {
                prop_assert_eq!(Ok(fast), slow);
            } else if let Ok(slow) = slow {
                // Only what warrants a warning of the slow path, or a number that is
                // no whole one, is left to it.
                let unusual = body.contains("more") || slow.value.request_id.is_some() || slow.value.triggered_by.is_some();
                prop_assert!(unusual, "{}", body);
            }
        }
    }
}
