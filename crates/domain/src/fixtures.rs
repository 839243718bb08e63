//! What tests are about, of this crate and of those that need a badge of the domain: one badge,
//! and short ways to name things.
#![allow(clippy::unwrap_used, reason = "what a test says of itself is right")]

use crate::badge::constraint::Count;
use crate::badge::{Badge, BadgeDefinition, BadgeDraft, BadgePeriod, EarnMode, EarnType, Expiry};
use crate::catalogue::CustomValues;
use crate::enrolment::Hold;
use crate::ids::CustomerId;
use crate::instant::Instant;
use crate::owner::{Claim, Owner, OwnerType, Owners};

/// The moment that `iso` says.
pub fn at(iso: &str) -> Instant {
    Instant::parse_iso(iso).unwrap()
}

/// So many seconds after 1970.
pub fn second(seconds: i64) -> Instant {
    Instant::from_unix_seconds(seconds).unwrap()
}

/// From one second after 1970 until another.
pub fn hold(from: i64, until: i64) -> Hold {
    Hold::new(second(from), second(until)).unwrap()
}

/// From one moment to another, both in ISO.
pub fn period(from: &str, until: &str) -> BadgePeriod {
    BadgePeriod::new(at(from), at(until)).unwrap()
}

/// The customer with this number.
pub fn customer(number: i64) -> CustomerId {
    number.try_into().unwrap()
}

/// The customers with these numbers.
pub fn customers(numbers: impl IntoIterator<Item = i64>) -> Vec<CustomerId> {
    numbers.into_iter().map(customer).collect()
}

/// So many.
pub fn count(number: i64) -> Count {
    number.try_into().unwrap()
}

/// An owner.
pub fn owner(owner_type: OwnerType, reference: &str) -> Owner {
    Owner {
        owner_type,
        reference: reference.try_into().unwrap(),
    }
}

/// Live from 2024 to 2030, on, claimed by Loyalty/123694; enrolments expire in 2031.
pub fn badge() -> Badge {
    let mut badge = plain("Gold");
    badge.definition.earn_mode = EarnMode::EnrolThenEarn {
        enrolment_expiry: Expiry::FixedDate(at("2031-01-15T09:32:37Z")),
    };
    badge.claims = vec![Claim {
        owner: owner(OwnerType::Loyalty, "123694"),
        active: true,
    }];
    badge
}

/// The plainest badge: live from 2024 to 2030, on, unclaimed; enrolments never expire.
pub fn plain(name: &str) -> Badge {
    let created_on = at("2023-12-01T00:00:00Z");
    Badge {
        id: "66276dc68fe258516a88ff8e".parse().unwrap(),
        org: 100_458.try_into().unwrap(),
        definition: BadgeDefinition {
            name: name.try_into().unwrap(),
            description: None,
            period: period("2024-01-01T00:00:00Z", "2030-01-01T00:00:00Z"),
            earn_mode: EarnMode::EnrolThenEarn {
                enrolment_expiry: Expiry::Never,
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
        claims: Vec::new(),
        created_on,
        created_by: 1.try_into().unwrap(),
        updated_on: created_on,
        updated_by: 1.try_into().unwrap(),
    }
}

/// What a caller says who wants a badge that is live from 2024 to 2030, for Loyalty and
/// Milestones; enrolments expire in 2031.
pub fn draft(name: &str) -> BadgeDraft {
    BadgeDraft {
        name: Some(name.try_into().unwrap()),
        starts_on: Some(at("2024-01-01T00:00:00Z")),
        expires_on: Some(at("2030-01-01T00:00:00Z")),
        earn_type: Some(EarnType::IssueEarn),
        enrolment_expiry: Some(Expiry::FixedDate(at("2031-01-15T09:32:37Z"))),
        earned_expiry: Some(Expiry::WithBadge),
        owners: vec![OwnerType::Loyalty, OwnerType::Milestones],
        ..BadgeDraft::default()
    }
}
