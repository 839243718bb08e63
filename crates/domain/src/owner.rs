//! Owners: the modules of a loyalty programme that may claim a badge, and the
//! pair of module and reference that triggers an enrolment.

use crate::numbered::numbered;
use crate::rejection::{Code, Rejection};
use crate::text::ReferenceId;

/// The table of modules, which are told by their names where they are serialized.
macro_rules! owner_types {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal;)+) => {
        numbered! {
            /// A module that may own a badge; all of them in the order of the wire's documentation.
            #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
            pub enum OwnerType {
                $(
                    $(#[$doc])*
                    #[cfg_attr(feature = "serde", serde(rename = $name))]
                    $variant = $number, $name;
                )+
            }
        }
    };
}

owner_types! {
    /// The loyalty programme.
    Loyalty = 1, "Loyalty";
    /// A promotion of the loyalty programme.
    LoyaltyPromotion = 2, "Loyalty_Promotion";
    /// Referral campaigns.
    ReferralCampaigns = 3, "Referral_Campaigns";
    /// Customer journeys.
    Journeys = 4, "Journeys";
    /// Audience campaigns.
    AudienceCampaigns = 5, "Audience_Campaigns";
    /// The rewards catalogue.
    RewardsCatalog = 6, "Rewards_Catalog";
    /// Goodwill desks.
    GoodwillModule = 7, "Goodwill_Module";
    /// Milestones.
    Milestones = 8, "Milestones";
    /// Imports of history.
    HistoricalImport = 9, "Historical_Import";
    /// The care desk; it needs neither to own a badge nor to claim it.
    Membercare = 10, "Membercare";
}

/// One use of a badge by a module: which module, and its own id of the use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Owner {
    /// The module.
    pub owner_type: OwnerType,
    /// The module's own id, of a campaign for example.
    pub reference: ReferenceId,
}

/// An owner's claim on a badge. It is never deleted, only made inactive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Claim {
    /// Who claims.
    pub owner: Owner,
    /// Whether the claim holds.
    pub active: bool,
}

/// The owners that may claim a badge: at least one, each once, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "Vec<OwnerType>", into = "Vec<OwnerType>")
)]
pub struct Owners(Vec<OwnerType>);

impl Owners {
    /// The owner types, in the order given.
    pub fn as_slice(&self) -> &[OwnerType] {
        &self.0
    }

    /// Whether `owner_type` is among them.
    pub fn allow(&self, owner_type: OwnerType) -> bool {
        self.0.contains(&owner_type)
    }
}

impl TryFrom<Vec<OwnerType>> for Owners {
    type Error = Rejection;

    /// Keeps the first mention of each.
    fn try_from(types: Vec<OwnerType>) -> Result<Self, Rejection> {
        let mut owners: Vec<OwnerType> = Vec::with_capacity(types.len());
        for owner_type in types {
            if !owners.contains(&owner_type) {
                owners.push(owner_type);
            }
        }
        if owners.is_empty() {
            return Err(
                Rejection::new(Code::OwnerRequired).at_field("ownership.restrictedToOwners")
            );
        }
        Ok(Self(owners))
    }
}

impl From<Owners> for Vec<OwnerType> {
    fn from(owners: Owners) -> Self {
        owners.0
    }
}
