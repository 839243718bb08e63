//! Which enrolments are to be revoked.

use accolade_application::enrolment::{RevokeEnrolments, WhichEnrolments};
use accolade_domain::ids::EnrolmentId;
use accolade_domain::rejection::{Code, Rejection};

use crate::customer::named::ParseContext;
use crate::customer::named::{self, NamedCustomer};
use crate::json::{Field, Fields, body};
use crate::shapes::{CustomerReference, CustomerReferences, TextOrNumber};

/// The most enrolments that one request may name.
const MOST_NAMED: usize = 20;

body! {
    /// Enrolments to revoke: all that customers have of the badge, or those that are named.
    #[schema(as = RevokeIssueRequest)]
    pub struct RevocationRequestBody {
        /// The badge.
        #[schema(example = "654bb48766a87827bb61e631")]
        badgeMetaId: String => badge = fields.field(name).required().object_id(),
        /// Customers all of whose enrolments for the badge are revoked.
        customers: Option<CustomerReferences> => which = which(fields, name, context),
        /// Enrolments by their ids; wins over `customers`, unless it is empty.
        #[schema(max_items = 20)]
        revokeIssuals: Option<Vec<RevokedIssual>>,
        /// The caller's id of this request, 1 to 255 characters.
        requestId: Option<TextOrNumber> => request_id = Some(context.request_id(fields, name, false)),
        /// Why they are revoked, 1 to 255 characters: kept, and shown to the care desk.
        #[schema(min_length = 1, max_length = 255, example = "Enrolled by mistake")]
        reason: Option<String> => reason = Some(fields.field(name).text()),
    }
    parse(fields, name, context: ParseContext<'_>) -> RevokeEnrolments {
        RevokeEnrolments { badge, which, request_id, reason }
    }
}

body! {
    /// One enrolment of a customer.
    pub struct RevokedIssual {
        /// The customer.
        customerId: CustomerReference => customer = named::one(fields.field(name), context.named_by),
        /// The enrolment.
        #[schema(example = "69381605cebb9648d8974536")]
        issueId: String => enrolment = fields.field(name).required().object_id(),
    }
    read(fields, name, context: ParseContext<'_>) -> (NamedCustomer, EnrolmentId) {
        (customer, enrolment)
    }
}

/// Those in the list `revokeIssuals`, unless it is empty; else those of the customers in the list
/// `customers`.
fn which(
    fields: &mut Fields<'_, '_>,
    customers: &'static str,
    context: ParseContext<'_>,
) -> Option<WhichEnrolments> {
    let named = fields.field("revokeIssuals");
    let is_named = named.is_present();
    let elements = named.list(MOST_NAMED, Code::Unreadable);
    if is_named && elements.as_ref().is_none_or(|elements| elements.len() > 0) {
        fields.ignore(customers, "Ignored: revokeIssuals says which are meant.");
        let issual = |element: Field<'_, '_>| {
            element.object_as(|fields| RevokedIssual::read(fields, context))
        };
        return Some(WhichEnrolments::Named(
            elements?.filter_map(issual).collect(),
        ));
    }
    if !fields.has(customers) {
        fields.refuse(Rejection::new(Code::RevokeWhat));
        return None;
    }
    let all = named::several(fields, customers, context)?;
    named::warn_of_repeats(&all, fields, customers);
    Some(WhichEnrolments::AllOf(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: ParseContext<'static> = ParseContext {
        max_customers: 3,
        request_id: None,
        named_by: None,
    };

    fn problems(body: &str) -> Vec<(u32, Option<String>)> {
        RevocationRequestBody::parse(body.as_bytes(), CONTEXT)
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
    fn an_empty_list_of_enrolments_says_nothing_beside_customers() {
        let body =
            r#"{"badgeMetaId":"66276dc68fe258516a88ff8e","customers":[1],"revokeIssuals":[]}"#;
        let parsed = RevocationRequestBody::parse(body.as_bytes(), CONTEXT).unwrap();
        assert_eq!(parsed.warnings, []);
        assert!(matches!(&parsed.value.which, WhichEnrolments::AllOf(all) if all.len() == 1));
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
        let parsed = RevocationRequestBody::parse(body(20).as_bytes(), CONTEXT).unwrap();
        assert!(matches!(&parsed.value.which, WhichEnrolments::Named(all) if all.len() == 20));
        assert_eq!(parsed.warnings[0].code, Code::FieldIgnored);
        assert_eq!(problems(&body(21)), [at(400, "revokeIssuals")]);
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_its_place() {
        assert_eq!(
            problems(r#"{"revokeIssuals":[{"customerId":"x","issueId":"236"},{}]}"#),
            [
                at(400, "badgeMetaId"),
                at(400, "revokeIssuals[0].customerId"),
                at(400, "revokeIssuals[0].issueId"),
                at(812, "revokeIssuals[1].customerId"),
                at(400, "revokeIssuals[1].issueId"),
            ]
        );
    }
}
