//! What the tests of this crate are about: one badge, and short ways to name things.

use crate::badge::{Badge, BadgeDefinition, BadgePeriod, EarnMode, Expiry};
use crate::catalogue::CustomValues;
use crate::instant::Instant;
use crate::owner::{Claim, Owner, OwnerType, Owners};

pub(crate) fn at(iso: &str) -> Instant {
    Instant::parse_iso(iso).unwrap()
}

pub(crate) fn owner(owner_type: OwnerType, reference: &str) -> Owner {
    Owner {
        owner_type,
        reference: reference.try_into().unwrap(),
    }
}

/// Live from 2024 to 2030, claimed by Loyalty/123694, enrolments expire in 2031.
pub(crate) fn badge() -> Badge {
    let created_on = at("2023-12-01T00:00:00Z");
    Badge {
        id: "66276dc68fe258516a88ff8e".parse().unwrap(),
        org: 100_458.try_into().unwrap(),
        definition: BadgeDefinition {
            name: "Gold".try_into().unwrap(),
            description: None,
            period: BadgePeriod::new(at("2024-01-01T00:00:00Z"), at("2030-01-01T00:00:00Z"))
                .unwrap(),
            earn_mode: EarnMode::EnrolThenEarn {
                enrolment_expiry: Expiry::FixedDate(at("2031-01-15T09:32:37Z")),
            },
            earned_expiry: Expiry::WithBadge,
            owners: Owners::try_from(vec![OwnerType::Loyalty]).unwrap(),
            customer_constraints: Vec::new(),
            badge_constraints: Vec::new(),
            images: Vec::new(),
            tags: Vec::new(),
            benefits: Vec::new(),
            rank: None,
            group: None,
            custom_values: CustomValues::new(),
            default_till: None,
        },
        active: true,
        claims: vec![Claim {
            owner: owner(OwnerType::Loyalty, "123694"),
            active: true,
        }],
        created_on,
        created_by: 1.try_into().unwrap(),
        updated_on: created_on,
        updated_by: 1.try_into().unwrap(),
    }
}
