//! Badges: what a brand defines, who has claimed it, and whether it is on.

mod definition;
mod details;
mod expiry;
mod period;
mod revision;
mod window_edits;

pub mod constraint;

pub use definition::{BadgeDefinition, BadgeDraft, Defining, EarnMode, EarnType};
pub use details::{Benefit, Image, ImageTag, Rank, RankOutOfRange, Tag};
pub use expiry::{Expiry, ExpiryValue, ExpiryValueOutOfRange};
pub use period::{BadgePeriod, BadgeStatus};

use crate::actor::Actor;
use crate::ids::{BadgeId, OrgId};
use crate::instant::Instant;
use crate::owner::{Claim, Owner, OwnerType};
use crate::rejection::{Code, Rejection};

/// The most active claims that a badge may have.
pub const MOST_CLAIMS: usize = 1_000;

/// A badge meta of an org.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Badge {
    /// Its id.
    pub id: BadgeId,
    /// The org that it belongs to.
    pub org: OrgId,
    /// What it is.
    pub definition: BadgeDefinition,
    /// Whether it is on: a deactivated badge takes no enrolments and no claims.
    pub active: bool,
    /// Every claim ever made, active or not, in the order in which they were first made.
    pub claims: Vec<Claim>,
    /// When it was created.
    pub created_on: Instant,
    /// By whom.
    pub created_by: Actor,
    /// When its definition, activity or claims last changed.
    pub updated_on: Instant,
    /// By whom.
    pub updated_by: Actor,
}

impl Badge {
    /// Whether `owner` has an active claim.
    pub fn is_claimed_by(&self, owner: &Owner) -> bool {
        self.claims
            .iter()
            .any(|claim| claim.active && claim.owner == *owner)
    }

    /// The modules that have an active claim, each once, in the order in which they first claimed.
    pub fn claimed_by(&self) -> Vec<OwnerType> {
        let mut modules = Vec::new();
        for claim in self.claims.iter().filter(|claim| claim.active) {
            if !modules.contains(&claim.owner.owner_type) {
                modules.push(claim.owner.owner_type);
            }
        }
        modules
    }

    /// Whether `owner` may claim the badge now: `Ok(false)` if it has already.
    ///
    /// # Errors
    /// 714 if its type is not among the badge's owners, 1901 if the badge is deactivated, 1906 if it has
    /// as many active claims as it may have.
    pub fn may_be_claimed_by(&self, owner: &Owner) -> Result<bool, Rejection> {
        self.check_owner(owner.owner_type)
            .map_err(|rejection| rejection.at_field("ownerType"))?;
        self.check_active()?;
        if self.is_claimed_by(owner) {
            return Ok(false);
        }
        let active = self.claims.iter().filter(|claim| claim.active).count();
        if active >= MOST_CLAIMS {
            return Err(Rejection::new(Code::TooManyClaims));
        }
        Ok(true)
    }

    /// Whether `owner` has a claim to take back.
    ///
    /// # Errors
    /// 737 if it has no active claim.
    pub fn may_be_unclaimed_by(&self, owner: &Owner) -> Result<(), Rejection> {
        if self.is_claimed_by(owner) {
            Ok(())
        } else {
            Err(Rejection::new(Code::ClaimNotFound))
        }
    }

    /// # Errors
    /// 1901 if the badge is deactivated.
    pub(crate) fn check_active(&self) -> Result<(), Rejection> {
        if self.active {
            Ok(())
        } else {
            Err(Rejection::new(Code::BadgeDeactivated))
        }
    }

    /// # Errors
    /// 714 if `owner_type` is not among the badge's owners; says which are.
    pub(crate) fn check_owner(&self, owner_type: OwnerType) -> Result<(), Rejection> {
        if self.definition.owners.allow(owner_type) {
            Ok(())
        } else {
            Err(Rejection::new(Code::OwnerNotAllowed))
        }
    }

    /// Checks that the owner `triggered_by` may act on the badge: its type is among the badge's
    /// owners, and it has an active claim. The care desk needs neither, and neither does a request
    /// by hand (`None`).
    ///
    /// # Errors
    /// 714 or 810, at the field in `triggeredBy`.
    pub(crate) fn check_trigger(&self, triggered_by: Option<&Owner>) -> Result<(), Rejection> {
        match triggered_by {
            None => Ok(()),
            Some(owner) if owner.owner_type == OwnerType::Membercare => Ok(()),
            Some(owner) => {
                self.check_owner(owner.owner_type)
                    .map_err(|rejection| rejection.at_field("triggeredBy.ownerType"))?;
                if self.is_claimed_by(owner) {
                    Ok(())
                } else {
                    Err(Rejection::new(Code::ClaimFirst).at_field("triggeredBy"))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{badge, owner};

    #[test]
    fn a_claim_needs_an_owner_that_is_allowed_and_an_active_badge() {
        let mut badge = badge();
        let code =
            |badge: &Badge, owner| badge.may_be_claimed_by(&owner).map_err(|r| r.code.number());
        assert_eq!(code(&badge, owner(OwnerType::Journeys, "1")), Err(714));
        assert_eq!(code(&badge, owner(OwnerType::Loyalty, "2")), Ok(true));
        badge.active = false;
        assert_eq!(code(&badge, owner(OwnerType::Loyalty, "2")), Err(1901));
    }

    #[test]
    fn a_badge_has_at_most_a_thousand_active_claims() {
        let claim = |number: usize, active| Claim {
            owner: owner(OwnerType::Loyalty, &number.to_string()),
            active,
        };
        let mut badge = badge();
        badge.claims = (0..MOST_CLAIMS).map(|number| claim(number, true)).collect();
        badge.claims.push(claim(MOST_CLAIMS, false));
        let code = |badge: &Badge, number| {
            let allowed = badge.may_be_claimed_by(&claim(number, true).owner);
            allowed.map_err(|rejection| rejection.code.number())
        };
        assert_eq!(code(&badge, MOST_CLAIMS), Err(1906));
        assert_eq!(code(&badge, 7), Ok(false));
        badge.claims[7].active = false;
        assert_eq!(code(&badge, MOST_CLAIMS), Ok(true));
    }

    #[test]
    fn a_module_that_has_several_active_claims_is_named_once() {
        let mut badge = badge();
        for (owner_type, reference, active) in [
            (OwnerType::Loyalty, "2", true),
            (OwnerType::Journeys, "1", false),
            (OwnerType::Milestones, "1", true),
        ] {
            let owner = owner(owner_type, reference);
            badge.claims.push(Claim { owner, active });
        }
        assert_eq!(
            badge.claimed_by(),
            [OwnerType::Loyalty, OwnerType::Milestones]
        );
    }

    #[test]
    fn what_is_claimed_can_be_claimed_again_and_what_is_not_cannot_be_unclaimed() {
        let badge = badge();
        let claimed = owner(OwnerType::Loyalty, "123694");
        assert_eq!(badge.may_be_claimed_by(&claimed), Ok(false));
        assert_eq!(badge.may_be_unclaimed_by(&claimed), Ok(()));
        let other = owner(OwnerType::Loyalty, "2");
        assert_eq!(
            badge.may_be_unclaimed_by(&other).unwrap_err().code.number(),
            737
        );
    }
}
