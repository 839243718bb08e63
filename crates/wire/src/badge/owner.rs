//! Reading the body of *claim* and *unclaim*: who.

use accolade_domain::owner::{Owner, OwnerType};
use accolade_domain::rejection::{Code, Rejection};
use utoipa::ToSchema;

use crate::json::{self, Fields, Parsed};
use crate::words::OwnerTypeName;

/// Who claims a badge, or takes a claim back.
#[derive(ToSchema)]
#[schema(as = OwnerRequest, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what is read field by field")]
pub struct OwnerRequestBody {
    /// The module.
    #[schema(value_type = OwnerTypeName)]
    owner_type: String,
    /// Its own id of the use: 1 to 255 characters. A number is read as its digits.
    #[schema(min_length = 1, max_length = 255, example = "123694")]
    reference_id: String,
}

/// The owner that `body` names.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(body: &[u8]) -> Result<Parsed<Owner>, Vec<Rejection>> {
    json::read(body, owner)
}

/// The owner that `fields` name; what is missing is 716 or 717.
pub fn owner(fields: &mut Fields<'_, '_>) -> Option<Owner> {
    let owner_type = fields
        .field("ownerType")
        .required_as(Code::OwnerTypeMissing)
        .word(OwnerType::ALL, OwnerType::name);
    let reference = fields
        .field("referenceId")
        .required_as(Code::ReferenceMissing)
        .text_or_number();
    Some(Owner {
        owner_type: owner_type?,
        reference: reference?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_reference_and_what_is_missing_has_its_own_code() {
        let parsed = read(br#"{"ownerType":"journeys","referenceId":2132}"#).unwrap();
        assert_eq!(parsed.value.owner_type, OwnerType::Journeys);
        assert_eq!(parsed.value.reference.as_str(), "2132");
        let codes: Vec<_> = read(b"{}")
            .unwrap_err()
            .iter()
            .map(|problem| problem.code.number())
            .collect();
        assert_eq!(codes, [716, 717]);
    }
}
