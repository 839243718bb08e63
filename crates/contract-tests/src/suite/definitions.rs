//! Every shape of a definition, kept to the last byte.

use accolade_domain::badge::constraint::{
    Constraint, Count, Cycle, FixedWindow, RollingWindow, Weekday,
};
use accolade_domain::badge::{
    BadgeDefinition, BadgePeriod, Benefit, EarnMode, Expiry, ExpiryValue, Image, ImageTag, Rank,
    Tag,
};
use accolade_domain::instant::Instant;
use accolade_domain::owner::{OwnerType, Owners};
use accolade_domain::text::{BadgeName, Description};
use accolade_domain::zone::CalendarUnit;
use uuid::Uuid;

use crate::World;
use crate::fixtures::{at, claim};

/// Creates a badge with what `define` makes of the plainest definition, and compares.
fn assert_kept(world: &World, define: impl FnOnce(&mut BadgeDefinition)) {
    let name = world.request_id().as_str().to_owned();
    let mut badge = world.draft(&name);
    define(&mut badge.definition);
    world.create(&badge);
    assert_eq!(world.found(&badge).badge, badge);
    assert_eq!(world.counted(&badge).badge, badge);
}

fn count(number: i64) -> Count {
    Count::try_from(number).unwrap()
}

fn expiries() -> Vec<Expiry> {
    let relative = |unit: &CalendarUnit| {
        [1, ExpiryValue::MAX].map(|value| Expiry::Relative {
            unit: *unit,
            value: ExpiryValue::try_from(value).unwrap(),
        })
    };
    let mut expiries: Vec<_> = CalendarUnit::ALL.iter().flat_map(relative).collect();
    let dates = [
        Instant::MIN,
        at("1969-12-31T23:59:59.999999Z"),
        Instant::MAX,
    ];
    expiries.extend(dates.map(Expiry::FixedDate));
    expiries.extend([Expiry::WithBadge, Expiry::Never]);
    expiries
}

fn every_expiry_is_kept(world: &World) {
    for expiry in expiries() {
        assert_kept(world, |definition| {
            definition.earned_expiry = expiry;
            definition.earn_mode = EarnMode::EnrolThenEarn {
                enrolment_expiry: expiry,
            };
        });
    }
    assert_kept(world, |definition| definition.earn_mode = EarnMode::Direct);
}

fn every_owner_and_its_claim_are_kept_in_the_order_given(world: &World) {
    let types: Vec<_> = OwnerType::ALL.iter().rev().copied().collect();
    for owners in [
        types.clone(),
        OwnerType::ALL.to_vec(),
        vec![OwnerType::Milestones],
    ] {
        assert_kept(world, |definition| {
            definition.owners = Owners::try_from(owners).unwrap();
        });
    }
    let mut badge = world.draft("Claimed by all");
    badge.claims = (types.iter().zip([true, false].into_iter().cycle()))
        .map(|(owner_type, active)| claim(*owner_type, "same", active))
        .collect();
    world.create(&badge);
    assert_eq!(world.found(&badge).badge, badge);
}

fn every_constraint_is_kept(world: &World) {
    let days = [1, i64::from(Count::MAX)].map(|n| Cycle::Days {
        refresh_rate: count(n),
    });
    let weeks = Weekday::ALL
        .iter()
        .map(|day| Cycle::Weeks { starts_on: *day });
    let cycles = days.into_iter().chain(weeks).chain([Cycle::Months]);
    let mut constraints: Vec<_> = cycles
        .zip(1..)
        .map(|(cycle, n)| {
            Constraint::FixedWindow(FixedWindow {
                reference: Uuid::from_u128(u128::MAX / n),
                cycle,
                max: count(i64::from(Count::MAX)),
                from: None,
                until: None,
            })
        })
        .collect();
    let rolling = CalendarUnit::ALL
        .iter()
        .zip(1..)
        .map(|(unit, n)| RollingWindow {
            unit: *unit,
            length: count(n),
            max: count(i64::from(Count::MAX) - n),
        });
    constraints.push(Constraint::RollingWindow(rolling.clone().collect()));
    constraints.extend(rolling.map(|window| Constraint::RollingWindow(vec![window])));
    constraints.push(Constraint::FixedValue(count(1)));
    constraints.push(Constraint::NoLimit);
    assert_kept(world, |definition| {
        definition.badge_constraints = constraints.iter().rev().cloned().collect();
        definition.customer_constraints = constraints;
    });
}

fn pictures_and_tags_are_kept_in_the_order_given(world: &World) {
    let mut images: Vec<_> = ImageTag::ALL
        .iter()
        .map(|tag| Image {
            name: Some("".try_into().unwrap()),
            file_svc_handle: Some("𝄞".repeat(255).try_into().unwrap()),
            url: Some(
                format!("https://x/{}", "𝄞".repeat(2038))
                    .try_into()
                    .unwrap(),
            ),
            tag: Some(*tag),
        })
        .collect();
    images.push(Image {
        name: None,
        file_svc_handle: None,
        url: None,
        tag: None,
    });
    let tag = |name: &str, value: Option<&str>| Tag {
        name: name.try_into().unwrap(),
        value: value.map(|value| value.try_into().unwrap()),
    };
    let tags = vec![
        tag("b", None),
        tag("a", Some("")),
        tag("b", None),
        tag("c", Some("x")),
    ];
    assert_kept(world, |definition| {
        definition.images = images;
        definition.tags = tags;
    });
}

fn benefits_are_kept_byte_for_byte(world: &World) {
    let texts = [
        "{\"benefitType\":\"COUPON\"}",
        "{ \"benefitType\" : \"COUPON\",\r\n\t\"z\":1,\"a\":[1.50, 1e3, -0.0, null] }",
        "{\"benefitType\":\"X\",\"a\":1,\"a\":2,\"big\":123456789012345678901234567890.10}",
        "{\"benefitType\":\"\\u00e9\\/\",\"é\":\"𝄞\",\"nul\":\"\\u0000\"}",
    ];
    assert_kept(world, |definition| {
        definition.benefits = texts
            .map(|json| Benefit::from_json(json.to_owned()))
            .to_vec();
    });
}

fn texts_of_the_greatest_length_are_kept(world: &World) {
    assert_kept(world, |definition| {
        definition.name = "𝄞".repeat(255).try_into().unwrap();
        definition.description = Some("𝄞".repeat(4000).try_into().unwrap());
    });
    let mut badge = world.draft("Claimed");
    badge.claims = vec![claim(OwnerType::Loyalty, &"𝄞".repeat(255), true)];
    world.create(&badge);
    assert_eq!(world.found(&badge).badge, badge);
}

fn odd_texts_are_kept(world: &World) {
    let odd = [
        "",
        " ",
        "'; --",
        "\"\\",
        "\r\n\t",
        "\u{1}\u{7f}",
        "\u{feff}\u{202e}",
        "NULL",
    ];
    for text in odd {
        assert_kept(world, |definition| {
            definition.description = Some(Description::from_stored(text.to_owned()));
        });
    }
    for name in &odd[1..] {
        assert_kept(world, |definition| {
            definition.name = BadgeName::from_stored((*name).to_owned());
        });
    }
}

fn numbers_and_instants_at_their_ends_are_kept(world: &World) {
    for (rank, till) in [(1, i64::MIN), (i64::from(Rank::MAX), i64::MAX), (2, 0)] {
        assert_kept(world, |definition| {
            definition.rank = Some(Rank::try_from(rank).unwrap());
            definition.default_till = Some(till);
        });
    }
    assert_kept(world, |definition| {
        definition.period = BadgePeriod::new(Instant::MIN, Instant::MAX).unwrap();
    });
    let badge = accolade_domain::badge::Badge {
        created_on: Instant::MIN,
        updated_on: Instant::MAX,
        ..world.draft("Old")
    };
    world.create(&badge);
    assert_eq!(world.found(&badge).badge, badge);
}

sentences! {
    every_expiry_is_kept
    every_owner_and_its_claim_are_kept_in_the_order_given
    every_constraint_is_kept
    pictures_and_tags_are_kept_in_the_order_given
    benefits_are_kept_byte_for_byte
    texts_of_the_greatest_length_are_kept
    odd_texts_are_kept
    numbers_and_instants_at_their_ends_are_kept
}
