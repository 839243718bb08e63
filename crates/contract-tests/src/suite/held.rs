//! What a customer holds, and the catalogue beside it.

use std::sync::Arc;

use accolade_application::ports::{DetailsQuery, EarnRecord, HeldQuery, IdSource as _, PageOf};
use accolade_domain::customer_view::{
    Catalogue, CatalogueBadge, EarnTotals, EnrolmentsRead, Holding, Standing,
};
use accolade_domain::enrolment::Outcome;
use accolade_domain::owner::OwnerType;

use crate::World;
use crate::fixtures::{claim, customer, now, second};
use crate::held::{all_details, everything_held, hour};

fn a_catalogue_has_every_badge_whole_with_its_group_while_that_is_active(world: &World) {
    let metals = world.group("Metals");
    let gold = world.badge_like("Gold", |badge| {
        badge.definition.group = Some(metals.id);
        badge.claims = vec![
            claim(OwnerType::Loyalty, "1", true),
            claim(OwnerType::Journeys, "2", false),
        ];
    });
    let off = world.badge_like("Off", |badge| badge.active = false);
    let catalogue = || world.held(&everything_held()).catalogue.unwrap();
    let whole = |group| {
        Catalogue::new(vec![
            CatalogueBadge::new(gold.clone(), group),
            CatalogueBadge::new(off.clone(), None),
        ])
    };
    assert_eq!(catalogue(), whole(Some(Arc::new(metals.clone()))));

    let removed = metals.removed(now(), metals.created_by);
    let groups = &world.stores.catalogue;
    groups.save_group(&metals, &removed, None, &[]).unwrap();
    assert_eq!(catalogue(), whole(None));
}

fn enrolments_are_held_in_the_order_of_their_recording_revoked_ones_included(world: &World) {
    let badge = world.badge("Gold");
    let held = || world.holding(&badge, &everything_held());
    assert_eq!(held(), None);
    world.enrol_for_hours(&badge, 10, 20, 5);
    world.enrol_for_hours(&badge, -20, -10, 3);
    world.enrol_for_hours(&badge, -1, 1, 1);
    let holding = held().unwrap();
    let hours = |holding: &Holding| {
        let holds = holding.enrolments.iter().map(|held| held.hold.event_on());
        holds.collect::<Vec<_>>()
    };
    assert_eq!(hours(&holding), [10, -20, -1].map(hour));
    assert_eq!(holding.last_issued_on, Some(hour(5)));
    assert_eq!(holding.earns, EarnTotals::NONE);

    let revoking = world.unenrolling(&badge, &[(1, None)]);
    world.unenrol(&revoking).unwrap();
    let revoked = held().unwrap();
    assert_eq!(hours(&revoked), [10, -20, -1].map(hour));
    let revoked_on = revoked.enrolments.iter().map(|held| held.revoked_on);
    assert_eq!(revoked_on.collect::<Vec<_>>(), [Some(now()); 3]);
    assert_eq!(revoked.last_issued_on, Some(hour(5)));
}

fn of_enrolments_there_is_as_much_as_was_asked_for(world: &World) {
    let [gold, silver] = ["Gold", "Silver"].map(|name| world.badge(name));
    world.enrol_for_hours(&gold, -1, 1, 0);
    world.enrol_for_hours(&silver, -1, 1, 0);
    world.earn_in_hour(&silver, 0, 0, 1);
    let asked = |enrolments| HeldQuery {
        enrolments,
        ..everything_held()
    };
    for (enrolments, there_are, recorded_on) in [
        (EnrolmentsRead::WithRecording, 1, Some(hour(0))),
        (EnrolmentsRead::Enrolments, 1, None),
        (EnrolmentsRead::Nothing, 0, None),
    ] {
        let holding = world.holding(&silver, &asked(enrolments)).unwrap();
        let found = (holding.enrolments.len(), holding.last_issued_on);
        assert_eq!(found, (there_are, recorded_on), "{enrolments:?}");
        assert_eq!(holding.earns.earned, 1);
    }
    assert_eq!(
        world.holding(&gold, &asked(EnrolmentsRead::Nothing)),
        None,
        "of a badge of which there is nothing else"
    );
}

fn totals_leave_revoked_earns_out_and_refer_to_the_moment_that_is_asked_for(world: &World) {
    let badge = world.badge("Gold");
    world.earn_in_hour(&badge, -9, -2, 0);
    world.earn_in_hour(&badge, -3, -5, 1);
    world.earn_in_hour(&badge, -4, -4, 2);
    world.earn_in_hour(&badge, 99, 99, 99);
    let last = world.details(&badge, 1).earns.items[0].earned.id;
    world.revoke_earn(&world.revoking(&badge, 1, last)).unwrap();
    let totals = |hours| {
        let query = HeldQuery {
            now: hour(hours),
            ..everything_held()
        };
        world.holding(&badge, &query).unwrap().earns
    };
    let expected = EarnTotals {
        earned: 3,
        unexpired: 3,
        last_earned_on: Some(hour(-2)),
        last_event_on: Some(hour(-3)),
        last_expired_on: None,
    };
    assert_eq!(totals(-1), expected);
    for (hours, unexpired) in [(0, 2), (1, 1), (2, 0)] {
        let expected = EarnTotals {
            unexpired,
            last_expired_on: Some(hour(hours)),
            ..expected
        };
        assert_eq!(totals(hours), expected);
    }
}

fn many_earns_of_many_badges_are_totalled(world: &World) {
    let badges: Vec<_> = (0..50)
        .map(|i| world.direct(&format!("Badge {i:02}")))
        .collect();
    let mut request = world.importing(&badges[0], &[]);
    for (index, badge) in (0..).zip(&badges) {
        let earns: Vec<_> = (0..=index % 20)
            .map(|n| (1, second(1_700_000_000 + n)))
            .collect();
        request.items.extend(world.importing(badge, &earns).items);
    }
    world.import(&request).unwrap();
    let mut holdings = world.held(&everything_held()).holdings;
    holdings.sort_by_key(|holding| holding.badge);
    let held: Vec<_> = holdings.iter().map(|it| it.badge).collect();
    assert_eq!(held, badges.iter().map(|it| it.id).collect::<Vec<_>>());
    for (index, holding) in (0..).zip(holdings) {
        let earns = index % 20 + 1;
        let found = (holding.earns.earned, holding.earns.unexpired);
        assert_eq!(found, (earns, earns));
    }
}

fn each_customer_holds_its_own_and_each_org_has_a_catalogue_of_its_own(world: &World) {
    let badge = world.badge("Gold");
    world.enrol_for_hours(&badge, 0, 1, 0);
    world.earn_in_hour(&badge, 0, 0, 1);
    let other = HeldQuery {
        customer: customer(2),
        ..everything_held()
    };
    assert_eq!(world.held(&other).holdings, []);
    assert_eq!(world.held(&everything_held()).holdings.len(), 1);

    let tenant = world.tenant(7);
    let theirs = world.held_of(tenant, &everything_held());
    assert_eq!(theirs.holdings, []);
    assert_eq!(theirs.catalogue, Some(Catalogue::default()));
    let nobodys = world.ids.object_id().into();
    for (org, badge) in [(tenant.org, badge.id), (world.tenant.org, nobodys)] {
        let store = &world.stores.customer_badges;
        let details = store.details(org, &all_details(customer(1), badge, now()));
        assert_eq!(details.unwrap(), None);
    }
}

fn details_say_of_a_badge_what_is_held_of_it(world: &World) {
    let metals = world.group("Metals");
    let badge = world.badge_like("Gold", |badge| badge.definition.group = Some(metals.id));
    let shown = || world.details(&badge, 1).badge;
    assert_eq!(
        (&*shown().badge, shown().standing),
        (&badge, Standing::default())
    );
    assert_eq!(shown().group.as_deref(), Some(&metals));

    world.enrol_for_hours(&badge, -1, 1, -1);
    world.enrol_for_hours(&badge, 5, 9, -2);
    world.earn_in_hour(&badge, 0, 0, 1);
    world.earn_in_hour(&badge, -5, 0, -4);
    let holding = world.holding(&badge, &everything_held()).unwrap();
    assert_eq!(shown().standing, Standing::new(&holding, now()));
    let enrolment = shown().standing.enrolment.unwrap();
    assert_eq!(enrolment.hold.event_on(), hour(-1));
}

fn details_show_pages_the_newest_first_and_count_all(world: &World) {
    let badge = world.badge("Gold");
    for hours in 0..5 {
        world.enrol_for_hours(&badge, 2 * hours, 2 * hours + 1, -9);
        world.earn_in_hour(&badge, hours, -8, 20);
    }
    let all = world.details(&badge, 1);
    let newest_first: Vec<_> = (0..5).rev().map(hour).collect();
    let events = |it: &[EarnRecord]| it.iter().map(|it| it.earned.event_on).collect::<Vec<_>>();
    assert_eq!(events(&all.earns.items), newest_first);

    for (page, expected) in [(0, 0..2), (1, 2..4), (2, 4..5), (3, 5..5), (u32::MAX, 5..5)] {
        let query = DetailsQuery {
            enrolments: PageOf { page, size: 2 },
            earns: PageOf { page, size: 2 },
            ..all_details(customer(1), badge.id, now())
        };
        let store = &world.stores.customer_badges;
        let details = store.details(badge.org, &query).unwrap().unwrap();
        assert_eq!(details.badge, all.badge);
        assert_eq!((details.enrolments.total, details.earns.total), (5, 5));
        assert_eq!(
            details.enrolments.items,
            all.enrolments.items[expected.clone()]
        );
        assert_eq!(details.earns.items, all.earns.items[expected]);
    }
}

fn the_recording_of_enrolments_is_told_for_their_customers_only(world: &World) {
    let badge = world.badge("Gold");
    let request = world.request(&badge, [1, 2, 3]);
    let enrolled = world.enrol(&request).unwrap();
    let id = |place: usize| match enrolled[place].outcome {
        Outcome::Enrolled(id) => id,
        _ => panic!("{enrolled:?}"),
    };
    let store = &world.stores.customer_badges;
    let asked = [
        (customer(1), id(0)),
        (customer(2), id(1)),
        (customer(2), id(2)),
    ];
    let expected = [id(0), id(1)].map(|id| (id, request.context.now));
    let told = store.recorded_on(badge.org, &asked).unwrap();
    assert_eq!(told, expected.into_iter().collect());
    assert!(store.recorded_on(badge.org, &[]).unwrap().is_empty());
    let elsewhere = world.tenant(7).org;
    assert!(store.recorded_on(elsewhere, &asked).unwrap().is_empty());
}

sentences! {
    a_catalogue_has_every_badge_whole_with_its_group_while_that_is_active
    enrolments_are_held_in_the_order_of_their_recording_revoked_ones_included
    of_enrolments_there_is_as_much_as_was_asked_for
    totals_leave_revoked_earns_out_and_refer_to_the_moment_that_is_asked_for
    many_earns_of_many_badges_are_totalled
    each_customer_holds_its_own_and_each_org_has_a_catalogue_of_its_own
    details_say_of_a_badge_what_is_held_of_it
    details_show_pages_the_newest_first_and_count_all
    the_recording_of_enrolments_is_told_for_their_customers_only
}
