//! The domain alone, as a Rust team might use it: define a badge, judge a request to
//! enrol, and decide for a customer. No database, no server, no clock.
//!
//!     cargo run -p accolade-domain --example enrol
#![allow(clippy::print_stdout)]

use std::error::Error;

use accolade_domain::badge::{Badge, BadgeDraft, Defining, EarnType, Expiry, ExpiryValue};
use accolade_domain::enrolment::{Enrolment, EnrolmentStatus, decide, terms};
use accolade_domain::instant::Instant;
use accolade_domain::owner::{Claim, Owner, OwnerType};
use accolade_domain::zone::{CalendarUnit, Zone};
use uuid::Uuid;

fn main() -> Result<(), Box<dyn Error>> {
    let zone: Zone = "Asia/Kolkata".parse()?;
    let now = Instant::parse_iso("2026-01-20T09:15:30Z")?;

    let draft = BadgeDraft {
        name: Some("Early bird".try_into()?),
        starts_on: Some(now),
        expires_on: Some(Instant::parse_iso("2026-12-31T18:30:00Z")?),
        earn_type: Some(EarnType::IssueEarn),
        enrolment_expiry: Some(Expiry::Relative {
            unit: CalendarUnit::Months,
            value: ExpiryValue::try_from(1)?,
        }),
        earned_expiry: Some(Expiry::WithBadge),
        owners: vec![OwnerType::Loyalty],
        ..BadgeDraft::default()
    };
    let definition = draft
        .define(
            Defining {
                now,
                zone: &zone,
                migrating: false,
            },
            Uuid::nil,
        )
        .map_err(|problems| {
            problems
                .into_iter()
                .map(|p| p.to_string())
                .collect::<String>()
        })?;

    let programme = Owner {
        owner_type: OwnerType::Loyalty,
        reference: "626".try_into()?,
    };
    let badge = Badge {
        id: "66276dc68fe258516a88ff8e".parse()?,
        org: 100_458.try_into()?,
        definition,
        active: true,
        claims: vec![Claim {
            owner: programme.clone(),
            active: true,
        }],
        created_on: now,
        created_by: 1.try_into()?,
        updated_on: now,
        updated_by: 1.try_into()?,
    };

    let hold = terms(&badge, &zone, Some(&programme), None, now)?;
    println!(
        "An enrolment made now holds until {} ({:?})",
        hold.expires_on(),
        EnrolmentStatus::of(hold, now)
    );

    let existing = [Enrolment {
        id: "69381523cebb9648d8974534".parse()?,
        hold,
        revoked_on: None,
    }];
    match decide(&existing, hold) {
        None => println!("The customer can be enrolled."),
        Some(other) => println!("Enrolment {} stands in the way.", other.id),
    }

    let stranger = Owner {
        owner_type: OwnerType::Journeys,
        reference: "1".try_into()?,
    };
    if let Err(rejection) = terms(&badge, &zone, Some(&stranger), None, now) {
        println!("Journeys may not: {rejection}");
    }
    Ok(())
}
