//! How claiming, unclaiming, activating and deactivating are answered.

use accolade_domain::ids::BadgeId;
use accolade_domain::owner::Owner;
use serde::Serialize;
use utoipa::ToSchema;

use crate::words::OwnerTypeName;

/// A badge was claimed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClaimedBadge)]
#[serde(rename_all = "camelCase")]
pub struct ClaimedBody<'a> {
    /// The badge.
    #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
    badge_meta_id: BadgeId,
    /// The module that has claimed it.
    #[schema(value_type = OwnerTypeName)]
    owner_type: &'static str,
    /// Its own id of the use.
    reference_id: &'a str,
}

impl<'a> ClaimedBody<'a> {
    /// The answer for `owner`, who has claimed `badge`.
    pub fn of(badge: BadgeId, owner: &'a Owner) -> Self {
        Self {
            badge_meta_id: badge,
            owner_type: owner.owner_type.name(),
            reference_id: owner.reference.as_str(),
        }
    }
}

/// A claim was taken back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnclaimedBadge)]
#[serde(rename_all = "camelCase")]
pub struct UnclaimedBody<'a> {
    /// The module whose claim it was.
    #[schema(value_type = OwnerTypeName)]
    owner_type: &'static str,
    /// Its own id of the use.
    reference_id: &'a str,
    /// False: the claim does not hold any more.
    is_active: bool,
}

impl<'a> From<&'a Owner> for UnclaimedBody<'a> {
    fn from(owner: &'a Owner) -> Self {
        Self {
            owner_type: owner.owner_type.name(),
            reference_id: owner.reference.as_str(),
            is_active: false,
        }
    }
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
