//! How claiming, unclaiming, activating and deactivating are answered.

use accolade_domain::ids::BadgeId;
use accolade_domain::owner::Owner;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::answer;
use crate::words::OwnerTypeName;

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
