//! A customer's badges: how they stand to the customer.

use accolade_application::ports::{CustomerBadgeQuery, CustomerBadgeType, IdSource as _};
use accolade_domain::badge::{Badge, EarnMode};
use accolade_domain::enrolment::Hold;
use accolade_domain::instant::Instant;
use time::Duration;

use crate::World;
use crate::customer_lists::all;
use crate::fixtures::{customer, now, period};

use CustomerBadgeType::{Available, AvailableToIssue, Earned, Expired};

const MICROSECOND: Duration = Duration::MICROSECOND;

fn enrol(world: &World, badge: &Badge, from: Instant, until: Instant) {
    let mut request = world.request(badge, [1]);
    request.hold = Hold::new(from, until).unwrap();
    world.enrol(&request).unwrap();
}

/// Lets customer 1 earn `badge` until `expires_on`.
fn earn(world: &World, badge: &Badge, expires_on: Instant) {
    let mut request = world.importing(badge, &[(1, now())]);
    request.items[0].expires_on = expires_on;
    world.import(&request).unwrap();
}

fn including_expired(badge_type: CustomerBadgeType) -> CustomerBadgeQuery {
    CustomerBadgeQuery {
        include_expired: true,
        ..all(badge_type)
    }
}

/// A badge of every kind, for which nobody is enrolled.
fn settle(world: &World, mode: &str, change: impl Fn(&mut Badge)) {
    let named = |name: &str, more: &dyn Fn(&mut Badge)| {
        world.badge_like(&format!("{mode} {name}"), |badge| {
            change(badge);
            more(badge);
        })
    };
    named("live", &|_| {});
    named("off", &|badge| badge.active = false);
    named("upcoming", &|badge| {
        badge.definition.period = period("2026-05-01T09:30:00.000002Z", "2027-01-01T00:00:00Z");
    });
    named("starts now", &|badge| {
        badge.definition.period = period("2026-05-01T09:30:00.000001Z", "2027-01-01T00:00:00Z");
    });
    named("ends now", &|badge| {
        badge.definition.period = period("2025-01-01T00:00:00Z", "2026-05-01T09:30:00.000001Z");
    });
    named("ends next", &|badge| {
        badge.definition.period = period("2025-01-01T00:00:00Z", "2026-05-01T09:30:00.000002Z");
    });
}

fn badges_to_enrol_for_are_active_live_and_not_enrolled_for(world: &World) {
    settle(world, "enrol", |_| {});
    settle(world, "direct", |badge| {
        badge.definition.earn_mode = EarnMode::Direct;
    });
    let open = ["enrol ends next", "enrol live", "enrol starts now"];
    assert_eq!(world.sorted_names(&all(AvailableToIssue)), open);
    let with_ended = [
        "enrol ends next",
        "enrol ends now",
        "enrol live",
        "enrol starts now",
    ];
    assert_eq!(
        world.sorted_names(&including_expired(AvailableToIssue)),
        with_ended
    );
}

fn badges_to_earn_are_active_live_and_direct_or_enrolled_for(world: &World) {
    settle(world, "direct", |badge| {
        badge.definition.earn_mode = EarnMode::Direct;
    });
    settle(world, "enrol", |_| {});
    let open = ["direct ends next", "direct live", "direct starts now"];
    assert_eq!(world.sorted_names(&all(Available)), open);
    let with_ended = [
        "direct ends next",
        "direct ends now",
        "direct live",
        "direct starts now",
    ];
    assert_eq!(
        world.sorted_names(&including_expired(Available)),
        with_ended
    );
}

fn an_enrolment_that_holds_now_makes_a_badge_one_to_earn(world: &World) {
    let now = now();
    for (name, from, until, holds) in [
        ("begins now", now, now + Duration::DAY, true),
        ("begins next", now + MICROSECOND, now + Duration::DAY, false),
        ("ends now", now - Duration::DAY, now, false),
        ("ends next", now - Duration::DAY, now + MICROSECOND, true),
    ] {
        let badge = world.badge(name);
        enrol(world, &badge, from, until);
        let query = |badge_type| CustomerBadgeQuery {
            name_contains: Some(name.to_owned()),
            ..all(badge_type)
        };
        assert_eq!(
            world.names(&query(Available)).len(),
            usize::from(holds),
            "{name}"
        );
        assert_eq!(
            world.names(&query(AvailableToIssue)).len(),
            usize::from(!holds),
            "{name}"
        );
    }
    let badge = world.badge("revoked");
    enrol(world, &badge, now, Instant::MAX);
    assert_eq!(
        world
            .names(&all(Available))
            .iter()
            .filter(|n| *n == "revoked")
            .count(),
        1
    );
    world
        .unenrol(&world.unenrolling(&badge, &[(1, None)]))
        .unwrap();
    assert_eq!(
        world
            .names(&all(Available))
            .iter()
            .filter(|n| *n == "revoked")
            .count(),
        0
    );
    let to_issue = world.names(&all(AvailableToIssue));
    assert!(to_issue.contains(&"revoked".to_owned()));
}

fn an_enrolment_for_a_badge_that_is_off_or_has_ended_makes_it_none_to_earn(world: &World) {
    let off = world.badge_like("off", |badge| badge.active = false);
    let ended = world.badge_like("ended", |badge| {
        badge.definition.period = period("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
    });
    for badge in [&off, &ended] {
        enrol(world, badge, now(), Instant::MAX);
    }
    assert_eq!(world.names(&all(Available)), [""; 0]);
    assert_eq!(world.names(&including_expired(Available)), ["ended"]);
    assert_eq!(world.names(&including_expired(AvailableToIssue)), [""; 0]);
}

fn earned_badges_have_an_earn_that_has_not_expired_and_expired_ones_only_others(world: &World) {
    let now = now();
    let badge = |name: &str, expiries: &[Instant]| {
        let badge = world.badge(name);
        for expires_on in expiries {
            earn(world, &badge, *expires_on);
        }
        badge
    };
    badge("both", &[now, now + MICROSECOND]);
    badge("kept", &[now + MICROSECOND]);
    badge("gone", &[now, now - Duration::DAY]);
    badge("never", &[]);
    let revoked = badge("revoked", &[now + Duration::DAY, now - Duration::DAY]);
    assert_eq!(
        world.sorted_names(&all(Earned)),
        ["both", "kept", "revoked"]
    );
    assert_eq!(world.sorted_names(&all(Expired)), ["gone"]);

    let unexpired = world.details(&revoked, 1).earns.into_iter();
    let ids: Vec<_> = unexpired
        .map(|r| (r.earned.expires_on > now, r.earned.id))
        .collect();
    for (is_unexpired, id) in &ids {
        if *is_unexpired {
            world
                .revoke_earn(&world.revoking(&revoked, 1, *id))
                .unwrap();
        }
    }
    assert_eq!(world.sorted_names(&all(Earned)), ["both", "kept"]);
    assert_eq!(world.sorted_names(&all(Expired)), ["gone", "revoked"]);
    let with_expired = ["both", "gone", "kept", "revoked"];
    assert_eq!(world.sorted_names(&including_expired(Earned)), with_expired);
    assert_eq!(
        world.sorted_names(&including_expired(Expired)),
        ["gone", "revoked"]
    );
    for (is_unexpired, id) in ids {
        if !is_unexpired {
            world.revoke_earn(&world.revoking(&revoked, 1, id)).unwrap();
        }
    }
    assert_eq!(world.sorted_names(&all(Expired)), ["gone"]);
    assert_eq!(
        world.sorted_names(&including_expired(Earned)),
        ["both", "gone", "kept"]
    );
}

fn an_earned_badge_stays_earned_when_it_is_off_has_ended_or_is_enrolled_for_no_more(world: &World) {
    let ended = world.badge_like("ended", |badge| {
        badge.definition.period = period("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
    });
    let off = world.badge_like("off", |badge| badge.active = false);
    let upcoming = world.badge_like("upcoming", |badge| {
        badge.definition.period = period("2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z");
    });
    for badge in [&ended, &off, &upcoming] {
        earn(world, badge, now() + Duration::DAY);
    }
    assert_eq!(
        world.sorted_names(&all(Earned)),
        ["ended", "off", "upcoming"]
    );
}

fn each_customer_has_a_list_of_its_own_and_each_org_its_badges(world: &World) {
    let badge = world.badge("Gold");
    enrol(world, &badge, now(), Instant::MAX);
    earn(world, &badge, Instant::MAX);
    let other = CustomerBadgeQuery {
        customer: customer(2),
        ..all(AvailableToIssue)
    };
    assert_eq!(world.names(&other), ["Gold"]);
    for badge_type in [Available, Earned] {
        assert_eq!(world.names(&all(badge_type)), ["Gold"]);
        let other = CustomerBadgeQuery {
            customer: customer(2),
            ..all(badge_type)
        };
        assert_eq!(world.names(&other), [""; 0]);
    }
    let tenant = world.tenant(7);
    let badges = &world.stores.customer_badges;
    let theirs = |badge_type| badges.list(tenant.org, &all(badge_type)).unwrap();
    for badge_type in [AvailableToIssue, Available, Earned, Expired] {
        assert_eq!(theirs(badge_type).total, 0);
    }
    assert_eq!(
        badges
            .details(tenant.org, customer(1), badge.id, now())
            .unwrap(),
        None
    );
    let nobodys = world.ids.object_id().into();
    assert_eq!(
        badges
            .details(world.tenant.org, customer(1), nobodys, now())
            .unwrap(),
        None
    );
}

sentences! {
    badges_to_enrol_for_are_active_live_and_not_enrolled_for
    badges_to_earn_are_active_live_and_direct_or_enrolled_for
    an_enrolment_that_holds_now_makes_a_badge_one_to_earn
    an_enrolment_for_a_badge_that_is_off_or_has_ended_makes_it_none_to_earn
    earned_badges_have_an_earn_that_has_not_expired_and_expired_ones_only_others
    an_earned_badge_stays_earned_when_it_is_off_has_ended_or_is_enrolled_for_no_more
    each_customer_has_a_list_of_its_own_and_each_org_its_badges
}
