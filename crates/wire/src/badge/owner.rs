//! Who claims a badge, takes a claim back, or has something recorded.

use accolade_domain::owner::{Owner, OwnerType};
use accolade_domain::rejection::Code;
use accolade_domain::text::ReferenceId;

use crate::json::{Fields, body};
use crate::shapes::TextOrNumber;
use crate::words::OwnerTypeName;

body! {
    /// Who claims a badge, or takes a claim back.
    #[schema(as = OwnerRequest)]
    pub struct OwnerRequestBody {
        /// The module.
        ownerType: OwnerTypeName => owner_type = owner_type(fields, name),
        /// Its own id of the use.
        referenceId: TextOrNumber => reference = reference(fields, name),
    }
    parse(fields, name) -> Owner {
        Owner { owner_type, reference }
    }
}

body! {
    /// The owner and its own id of the use on whose behalf something is recorded.
    pub struct TriggeredBy {
        /// The module.
        ownerType: OwnerTypeName => owner_type = owner_type(fields, name),
        /// Its own id of the use.
        referenceId: TextOrNumber => reference = reference(fields, name),
    }
    read(fields, name) -> Owner {
        Owner { owner_type, reference }
    }
}

/// The module in the field `name`: 716 if it is missing.
pub(crate) fn owner_type(fields: &mut Fields<'_, '_>, name: &'static str) -> Option<OwnerType> {
    fields
        .field(name)
        .required_as(Code::OwnerTypeMissing)
        .word(OwnerType::ALL, OwnerType::name)
}

/// The module's own id in the field `name`: 717 if it is missing.
pub(crate) fn reference(fields: &mut Fields<'_, '_>, name: &'static str) -> Option<ReferenceId> {
    fields
        .field(name)
        .required_as(Code::ReferenceMissing)
        .text_or_number()
}

impl TriggeredBy {
    /// The owner in the field `name`, if it is there.
    pub(crate) fn field(fields: &mut Fields<'_, '_>, name: &'static str) -> Option<Owner> {
        fields.field(name).object_as(Self::read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_reference_and_what_is_missing_has_its_own_code() {
        let parsed =
            OwnerRequestBody::parse(br#"{"ownerType":"journeys","referenceId":2132}"#).unwrap();
        assert_eq!(parsed.value.owner_type, OwnerType::Journeys);
        assert_eq!(parsed.value.reference.as_str(), "2132");
        let codes: Vec<_> = OwnerRequestBody::parse(b"{}")
            .unwrap_err()
            .iter()
            .map(|problem| problem.code.number())
            .collect();
        assert_eq!(codes, [716, 717]);
    }
}
