//! Claiming and unclaiming, as they are asked for; and how they, activating and deactivating are answered.

use accolade_domain::ids::BadgeId;
use accolade_domain::owner::Owner;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::answer;
use crate::customer::named::{owner_type, reference};
use crate::json::body;
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

answer! {
    /// A badge was claimed.
    #[schema(as = ClaimedBadge)]
    pub struct ClaimedBody<'a> {
        /// The badge.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: BadgeId = badge,
        /// The module that has claimed it.
        #[schema(value_type = OwnerTypeName)]
        ownerType: &'static str = owner.owner_type.name(),
        /// Its own id of the use.
        referenceId: &'a str = owner.reference.as_str(),
        /// True: the claim holds.
        isActive: bool = true,
    }
    new(badge: BadgeId, owner: &'a Owner) {}
}

answer! {
    /// A claim was taken back.
    #[schema(as = UnclaimedBadge)]
    pub struct UnclaimedBody<'a> {
        /// The module whose claim it was.
        #[schema(value_type = OwnerTypeName)]
        ownerType: &'static str = owner.owner_type.name(),
        /// Its own id of the use.
        referenceId: &'a str = owner.reference.as_str(),
        /// False: the claim does not hold any more.
        isActive: bool = false,
    }
    new(owner: &'a Owner) {}
}

/// A badge was activated or deactivated.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BadgeActivity)]
#[serde(rename_all = "camelCase")]
pub struct ActivityBody {
    /// The badge.
    #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
    pub id: BadgeId,
    /// Whether it is on now.
    pub is_active: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use accolade_domain::owner::OwnerType;

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
