//! The body of a request to enrol customers.

use accolade_application::enrolment::EnrolCustomers;

use crate::customer::named::{self, ParseContext, TriggeredBy};
use crate::instant::WireIso;
use crate::json::{Presence, body};
use crate::shapes::{CustomerReferences, InstantInput, TextOrNumber};

body! {
    /// Customers to enrol for a badge.
    #[schema(as = EnrolmentRequest)]
    pub struct EnrolmentRequestBody {
        /// The badge.
        #[schema(example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: String => badge = fields.field(name).required().object_id(),
        /// The customers.
        customers: CustomerReferences => customers = named::several(fields, name, context),
        /// The caller's id of this request, 1 to 255 characters; one is made if it is absent.
        requestId: Option<TextOrNumber> => request_id = Some(context.request_id(fields, name, false)),
        /// When the customers were enrolled; now if it is absent.
        issueEventDate: Option<InstantInput> =>
            event_on = Some(fields.instant_pair(name, Presence::Optional)),
        /// The same as text; wins over the number.
        issueEventDateISO: Option<WireIso>,
        /// Who triggers it; absent if it is done by hand at the care desk.
        triggeredBy: Option<TriggeredBy> => triggered_by = Some(TriggeredBy::field(fields, name)),
    }
    parse(fields, name, context: ParseContext<'_>) -> EnrolCustomers {
        named::warn_of_repeats(&customers, fields, "customers");
        EnrolCustomers { badge, customers, request_id, event_on, triggered_by, by_hand: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customer::named::NamedCustomers;
    use crate::json::Parsed;
    use accolade_application::ports::IdentifierKind;

    use accolade_domain::customer::DistinctCustomers;
    use accolade_domain::instant::Instant;
    use accolade_domain::owner::OwnerType;
    use accolade_domain::rejection::Rejection;
    use accolade_domain::text::RequestId;
    use serde_json::{Value, json};

    const CONTEXT: ParseContext<'static> = ParseContext {
        max_customers: 4,
        request_id: None,
        named_by: None,
    };

    fn read(
        context: ParseContext<'_>,
        body: &[u8],
    ) -> Result<Parsed<EnrolCustomers>, Vec<Rejection>> {
        EnrolmentRequestBody::parse(body, context)
    }

    type Report = Vec<(u32, Option<String>)>;

    fn report(rejections: &[Rejection]) -> Report {
        rejections
            .iter()
            .map(|rejection| (rejection.code.number(), rejection.field.clone()))
            .collect()
    }

    fn problems(body: &Value) -> Report {
        report(&read(CONTEXT, body.to_string().as_bytes()).unwrap_err())
    }

    fn expected<const N: usize>(report: [(u32, &str); N]) -> Report {
        report
            .map(|(code, path)| (code, Some(path.to_owned())))
            .into()
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
    fn the_apis_own_example_is_read_without_a_warning() {
        let parsed = read(CONTEXT, EXAMPLE.as_bytes()).unwrap();
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
        let owner = body.triggered_by.as_ref().unwrap();
        assert_eq!(owner.owner_type, OwnerType::Loyalty);
        assert_eq!(owner.reference.as_str(), "123694");
    }

    #[test]
    fn the_apis_example_as_it_was_printed_is_refused_with_line_and_column() {
        let printed = EXAMPLE.replace(
            "\"2024-04-23T13:44:15+05:30\",",
            "2024-04-23T13:44:15+05:30",
        );
        let problems = read(CONTEXT, printed.as_bytes()).unwrap_err();
        assert_eq!(
            problems[0].message,
            "The body is not valid JSON: mend it at line 6 column 35."
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
                (400, "badgeMetaId"),
                (400, "customers[1]"),
                (400, "customers[2]"),
                (400, "customers[3]"),
                (400, "requestId"),
                (400, "issueEventDate"),
                (400, "issueEventDateISO"),
                (400, "triggeredBy.ownerType"),
                (717, "triggeredBy.referenceId"),
            ])
        );
        assert_eq!(
            problems(&json!({"triggeredBy": {}})),
            expected([
                (400, "badgeMetaId"),
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
        assert_eq!(of(json!(true)), expected([(400, "customers")]));
    }

    #[test]
    fn a_customer_by_itself_is_a_list_of_one() {
        let badge = "66276dc68fe258516a88ff8e";
        let body = |customer: Value| json!({"badgeMetaId": badge, "customers": customer});
        let of = |named_by, customer: Value| {
            let context = ParseContext {
                named_by,
                ..CONTEXT
            };
            let parsed = read(context, body(customer).to_string().as_bytes()).unwrap();
            parsed.value.customers
        };
        let number = NamedCustomers::from(vec![7.try_into().unwrap()]);
        assert_eq!(of(None, json!(7)), number);
        assert_eq!(of(None, json!("7")), number);
        let email = IdentifierKind::Email;
        assert_eq!(
            of(Some(email), json!("ann@example.org")),
            NamedCustomers::Identifiers(email, vec!["ann@example.org".to_owned()])
        );
        for wrong in [json!(0), json!("x"), json!({}), json!(false)] {
            assert_eq!(problems(&body(wrong)), expected([(400, "customers")]));
        }
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
        let parsed = read(CONTEXT, body.to_string().as_bytes()).unwrap();
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
        assert_eq!(parsed.value.customers.len(), 2);
    }

    #[test]
    fn the_bodys_request_id_wins_over_the_headers() {
        let context = ParseContext {
            request_id: Some(b"from-header"),
            ..CONTEXT
        };
        let id = |request_id: Value| {
            let body = json!({"badgeMetaId": "66276dc68fe258516a88ff8e", "customers": [1], "requestId": request_id});
            let body = body.to_string();
            let parsed = read(context, body.as_bytes()).unwrap();
            parsed.value.request_id.map(String::from)
        };
        assert_eq!(id(json!(2132)).as_deref(), Some("2132"));
        assert_eq!(id(Value::Null).as_deref(), Some("from-header"));
        let context = ParseContext {
            request_id: Some(b"\xff"),
            ..CONTEXT
        };
        let body = json!({"badgeMetaId": "66276dc68fe258516a88ff8e", "customers": [1]});
        assert_eq!(
            report(&read(context, body.to_string().as_bytes()).unwrap_err()),
            expected([(400, "requestId")])
        );
    }
}
