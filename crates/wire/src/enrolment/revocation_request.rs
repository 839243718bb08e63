//! Reading which enrolments are to be revoked.

use accolade_application::enrolment::{RevokeEnrolments, WhichEnrolments};
use accolade_domain::rejection::{Code, Rejection};
use utoipa::ToSchema;

use crate::customer::named;
use crate::json::{self, Fields, Parsed};
use crate::request::batch::Reading;

/// The most enrolments that one request may name.
const MOST_NAMED: usize = 20;

/// Enrolments to revoke: all that customers have of the badge, or those that are named.
#[derive(ToSchema)]
#[schema(as = RevokeIssueRequest, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what is read field by field")]
pub struct RevocationRequestBody {
    /// The badge.
    #[schema(example = "654bb48766a87827bb61e631")]
    badge_meta_id: String,
    /// Customers all of whose enrolments for the badge are revoked: numbers, or strings of digits;
    /// identifiers, if the header says so.
    #[schema(min_items = 1, example = json!([123, 62_090_013]))]
    customers: Option<Vec<i64>>,
    /// Enrolments by their ids; wins over `customers`.
    #[schema(min_items = 1, max_items = 20)]
    revoke_issuals: Option<Vec<RevokedIssual>>,
    /// The caller's id of this request, 1 to 255 characters.
    request_id: Option<String>,
}

/// One enrolment of a customer.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what is read field by field")]
pub struct RevokedIssual {
    /// The customer.
    #[schema(example = 62_090_013)]
    customer_id: i64,
    /// The enrolment.
    #[schema(example = "69381605cebb9648d8974536")]
    issue_id: String,
}

/// Which enrolments `body` asks to revoke.
///
/// # Errors
/// Everything that is wrong with it; 1051 if it names none.
pub fn read(reading: Reading<'_>, body: &[u8]) -> Result<Parsed<RevokeEnrolments>, Vec<Rejection>> {
    json::read(body, |fields| {
        let badge = fields.field("badgeMetaId").required().object_id();
        let which = which(fields, reading);
        let request_id = reading.request_id(fields, false);
        Some(RevokeEnrolments {
            badge: badge?,
            which: which?,
            request_id,
        })
    })
}

fn which(fields: &mut Fields<'_, '_>, reading: Reading<'_>) -> Option<WhichEnrolments> {
    let named = fields.field("revokeIssuals");
    if named.is_present() {
        fields.ignore("customers", "Ignored: revokeIssuals says which are meant.");
        let elements = named.list(MOST_NAMED, Code::Unreadable)?;
        if elements.is_empty() {
            fields.refuse(Rejection::of(Code::RevokeWhat));
        }
        let issual = |element: json::Field<'_, '_>| {
            let mut fields = element.object()?;
            let customer = named::one(fields.field("customerId"), reading.named_by);
            let enrolment = fields.field("issueId").required().object_id();
            fields.finish();
            Some((customer?, enrolment?))
        };
        return Some(WhichEnrolments::Named(
            elements.into_iter().filter_map(issual).collect(),
        ));
    }
    if !fields.has("customers") {
        fields.refuse(Rejection::of(Code::RevokeWhat));
        return None;
    }
    let max = reading.max_customers;
    let customers = named::several(fields, "customers", max, reading.named_by)?;
    let repeats = customers.repeats("customers").into_iter();
    repeats.for_each(|warning| fields.warn(warning));
    Some(WhichEnrolments::AllOf(customers))
}

#[cfg(test)]
mod tests {
    use super::*;

    const READING: Reading<'static> = Reading {
        max_customers: 3,
        request_id: None,
        named_by: None,
    };

    fn problems(body: &str) -> Vec<(u32, Option<String>)> {
        read(READING, body.as_bytes())
            .unwrap_err()
            .into_iter()
            .map(|problem| (problem.code.number(), problem.field))
            .collect()
    }

    fn at(code: u32, path: &str) -> (u32, Option<String>) {
        (code, Some(path.to_owned()))
    }

    #[test]
    fn who_names_neither_customers_nor_enrolments_is_told_so() {
        let badge = r#""badgeMetaId":"66276dc68fe258516a88ff8e""#;
        for rest in ["", r#","customers":null"#, r#","revokeIssuals":[]"#] {
            assert_eq!(problems(&format!("{{{badge}{rest}}}")), [(1051, None)]);
        }
        assert_eq!(
            problems(&format!(r#"{{{badge},"customers":[]}}"#)),
            [at(812, "customers")]
        );
    }

    #[test]
    fn twenty_enrolments_may_be_named() {
        let issual = r#"{"customerId":1,"issueId":"69381605cebb9648d8974536"}"#;
        let body = |count| {
            let issuals = vec![issual; count].join(",");
            format!(
                r#"{{"badgeMetaId":"66276dc68fe258516a88ff8e","revokeIssuals":[{issuals}],"customers":[1]}}"#
            )
        };
        let parsed = read(READING, body(20).as_bytes()).unwrap();
        assert!(matches!(&parsed.value.which, WhichEnrolments::Named(all) if all.len() == 20));
        assert_eq!(parsed.warnings[0].code, Code::FieldIgnored);
        assert_eq!(problems(&body(21)), [at(999_999, "revokeIssuals")]);
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_its_place() {
        assert_eq!(
            problems(r#"{"revokeIssuals":[{"customerId":"x","issueId":"236"},{}]}"#),
            [
                at(999_999, "badgeMetaId"),
                at(999_999, "revokeIssuals[0].customerId"),
                at(999_999, "revokeIssuals[0].issueId"),
                at(812, "revokeIssuals[1].customerId"),
                at(999_999, "revokeIssuals[1].issueId"),
            ]
        );
    }
}
