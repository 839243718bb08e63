//! How badges stand to a customer.

use accolade_domain::badge::{Badge, EarnMode};
use accolade_domain::customer_view::{CustomerBadgeQuery, CustomerBadgeType};
use accolade_domain::instant::Instant;
use time::Duration;

use crate::scene::{Scene, all, hour, now, period};

use CustomerBadgeType::{Available, AvailableToIssue, Earned, Expired};

const MICROSECOND: Duration = Duration::MICROSECOND;

fn including_expired(badge_type: CustomerBadgeType) -> CustomerBadgeQuery {
    CustomerBadgeQuery {
        include_expired: true,
        ..all(badge_type)
    }
}

/// A badge in every state, of which the customer has nothing.
fn add_every_state(scene: &mut Scene, mode: &str, change: impl Fn(&mut Badge)) {
    let mut named = |name: &str, more: &dyn Fn(&mut Badge)| {
        scene.badge(&format!("{mode} {name}"), |badge| {
            change(badge);
            more(badge);
        });
    };
    let (next, past, future) = (now() + MICROSECOND, hour(-100), hour(100));
    named("live", &|_| {});
    named("off", &|badge| badge.active = false);
    named("upcoming", &|badge| {
        badge.definition.period = period(next, future)
    });
    named("starts now", &|badge| {
        badge.definition.period = period(now(), future)
    });
    named("ends now", &|badge| {
        badge.definition.period = period(past, now())
    });
    named("ends next", &|badge| {
        badge.definition.period = period(past, next)
    });
}

#[test]
fn badges_to_enrol_for_are_active_live_and_not_enrolled_for() {
    let mut scene = Scene::default();
    add_every_state(&mut scene, "enrol", |_| {});
    add_every_state(&mut scene, "direct", |badge| {
        badge.definition.earn_mode = EarnMode::Direct;
    });
    let open = ["enrol ends next", "enrol live", "enrol starts now"];
    assert_eq!(scene.sorted_names(&all(AvailableToIssue)), open);
    let with_ended = [
        "enrol ends next",
        "enrol ends now",
        "enrol live",
        "enrol starts now",
    ];
    let query = including_expired(AvailableToIssue);
    assert_eq!(scene.sorted_names(&query), with_ended);
}

#[test]
fn badges_to_earn_are_active_live_and_direct_or_enrolled_for() {
    let mut scene = Scene::default();
    add_every_state(&mut scene, "direct", |badge| {
        badge.definition.earn_mode = EarnMode::Direct;
    });
    add_every_state(&mut scene, "enrol", |_| {});
    let open = ["direct ends next", "direct live", "direct starts now"];
    assert_eq!(scene.sorted_names(&all(Available)), open);
    let with_ended = [
        "direct ends next",
        "direct ends now",
        "direct live",
        "direct starts now",
    ];
    let query = including_expired(Available);
    assert_eq!(scene.sorted_names(&query), with_ended);
}

#[test]
fn an_enrolment_that_holds_now_makes_a_badge_one_to_earn() {
    let now = now();
    for (name, from, until, holds) in [
        ("begins now", now, hour(1), true),
        ("begins next", now + MICROSECOND, hour(1), false),
        ("ends now", hour(-1), now, false),
        ("ends next", hour(-1), now + MICROSECOND, true),
    ] {
        let mut scene = Scene::default();
        let badge = scene.badge(name, |_| {});
        scene.enrol(badge, from, until);
        let count = |scene: &Scene, badge_type| scene.page(&all(badge_type)).total;
        assert_eq!(count(&scene, Available), u64::from(holds), "{name}");
        assert_eq!(count(&scene, AvailableToIssue), u64::from(!holds), "{name}");

        scene.shelf(badge).enrolments[0].0.revoked_on = Some(now);
        assert_eq!(count(&scene, Available), 0, "{name}, revoked");
        assert_eq!(count(&scene, AvailableToIssue), 1, "{name}, revoked");
    }
}

#[test]
fn an_enrolment_for_a_badge_that_is_off_or_has_ended_makes_it_none_to_earn() {
    let mut scene = Scene::default();
    let off = scene.badge("off", |badge| badge.active = false);
    let ended = scene.badge("ended", |badge| {
        badge.definition.period = period(hour(-9), hour(-1));
    });
    for badge in [off, ended] {
        scene.enrol(badge, now(), Instant::MAX);
    }
    assert_eq!(scene.names(&all(Available)), [""; 0]);
    assert_eq!(scene.names(&including_expired(Available)), ["ended"]);
    assert_eq!(scene.names(&including_expired(AvailableToIssue)), [""; 0]);
}

#[test]
fn earned_badges_have_an_earn_that_has_not_expired_and_expired_ones_only_others() {
    let now = now();
    let mut scene = Scene::default();
    let mut badge = |name: &str, expiries: &[Instant]| {
        let badge = scene.badge(name, |_| {});
        for expires_on in expiries {
            scene.earn(badge, *expires_on);
        }
        badge
    };
    badge("both", &[now, now + MICROSECOND]);
    badge("kept", &[now + MICROSECOND]);
    badge("gone", &[now, hour(-1)]);
    badge("never", &[]);
    let revoked = badge("revoked", &[hour(1), hour(-1)]);
    let kept = ["both", "kept", "revoked"];
    assert_eq!(scene.sorted_names(&all(Earned)), kept);
    assert_eq!(scene.sorted_names(&all(Expired)), ["gone"]);

    scene.shelf(revoked).earns[0].revoked_on = Some(now);
    assert_eq!(scene.sorted_names(&all(Earned)), ["both", "kept"]);
    let gone = ["gone", "revoked"];
    assert_eq!(scene.sorted_names(&all(Expired)), gone);
    let every = ["both", "gone", "kept", "revoked"];
    assert_eq!(scene.sorted_names(&including_expired(Earned)), every);
    assert_eq!(scene.sorted_names(&including_expired(Expired)), gone);

    scene.shelf(revoked).earns[1].revoked_on = Some(now);
    assert_eq!(scene.sorted_names(&all(Expired)), ["gone"]);
    let every = ["both", "gone", "kept"];
    assert_eq!(scene.sorted_names(&including_expired(Earned)), every);
}

#[test]
fn an_earned_badge_stays_earned_when_it_is_off_has_ended_or_is_enrolled_for_no_more() {
    let mut scene = Scene::default();
    let ended = scene.badge("ended", |badge| {
        badge.definition.period = period(hour(-9), hour(-1));
    });
    let off = scene.badge("off", |badge| badge.active = false);
    let upcoming = scene.badge("upcoming", |badge| {
        badge.definition.period = period(hour(1), hour(9));
    });
    for badge in [ended, off, upcoming] {
        scene.earn(badge, hour(1));
    }
    let names = ["ended", "off", "upcoming"];
    assert_eq!(scene.sorted_names(&all(Earned)), names);
}

#[test]
fn a_list_refers_to_the_moment_that_is_asked_for() {
    let mut scene = Scene::default();
    let badge = scene.badge("Gold", |_| {});
    scene.enrol(badge, hour(10), hour(20));
    scene.earn(badge, hour(15));
    for (hours, available, earned) in [(9, 0, 1), (10, 1, 1), (15, 1, 0), (20, 0, 0)] {
        let total = |badge_type| {
            let query = CustomerBadgeQuery {
                now: hour(hours),
                ..all(badge_type)
            };
            scene.page(&query).total
        };
        assert_eq!(
            (total(Available), total(Earned)),
            (available, earned),
            "{hours}"
        );
    }
}
