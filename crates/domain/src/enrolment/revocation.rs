//! Which of a customer's enrolments a request to revoke means.

use crate::enrolment::Enrolment;
use crate::ids::EnrolmentId;
use crate::rejection::{Code, Rejection};

/// Chooses which of `held`, a customer's enrolments for a badge, a request revokes: the enrolment
/// that it has `named`, or all that are not revoked if it has named none. In the order of `held`.
///
/// # Errors
/// 404 if the named one is not the customer's, else 404 if none is left that is
/// not revoked.
pub fn to_revoke(
    held: &[Enrolment],
    named: Option<EnrolmentId>,
) -> Result<Vec<EnrolmentId>, Rejection> {
    if named.is_some_and(|named| held.iter().all(|enrolment| enrolment.id != named)) {
        return Err(Rejection::new(Code::NotFound).with_message("issue doesn't belong to customer"));
    }
    let left: Vec<_> = held
        .iter()
        .filter(|enrolment| enrolment.revoked_on.is_none())
        .map(|enrolment| enrolment.id)
        .filter(|id| named.is_none_or(|named| *id == named))
        .collect();
    if left.is_empty() {
        return Err(
            Rejection::new(Code::NotFound).with_message("Customer doesn't have issue instance")
        );
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrolment::Hold;
    use crate::fixtures::at;

    fn id(text: &str) -> EnrolmentId {
        text.parse().unwrap()
    }

    fn held() -> [Enrolment; 3] {
        let hold = |month: u8| {
            let on = |month: u8| at(&format!("2026-{month:02}-01T00:00:00Z"));
            Hold::new(on(month), on(month + 1)).unwrap()
        };
        let enrolment = |number: u8, revoked| Enrolment {
            id: id(&format!("69381523cebb9648d89745{number:02}")),
            hold: hold(number),
            revoked_on: revoked,
        };
        [
            enrolment(1, None),
            enrolment(2, Some(at("2026-02-02T00:00:00Z"))),
            enrolment(3, None),
        ]
    }

    fn refusal(named: Option<EnrolmentId>, held: &[Enrolment]) -> String {
        to_revoke(held, named).unwrap_err().message
    }

    #[test]
    fn all_that_are_not_revoked_are_meant_where_none_is_named() {
        let held = held();
        assert_eq!(to_revoke(&held, None), Ok(vec![held[0].id, held[2].id]));
        assert_eq!(to_revoke(&held, Some(held[2].id)), Ok(vec![held[2].id]));
    }

    #[test]
    fn one_that_is_not_the_customers_is_told_from_one_that_is_revoked() {
        let held = held();
        let other = id("69381523cebb9648d8974599");
        assert_eq!(
            refusal(Some(other), &held),
            "issue doesn't belong to customer"
        );
        assert_eq!(
            refusal(Some(other), &[]),
            "issue doesn't belong to customer"
        );
        assert_eq!(
            refusal(Some(held[1].id), &held),
            "Customer doesn't have issue instance"
        );
        assert_eq!(refusal(None, &[]), "Customer doesn't have issue instance");
    }
}
