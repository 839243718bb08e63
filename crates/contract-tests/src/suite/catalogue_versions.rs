//! The version of an org's catalogue: who remembers the catalogue may use it while the version stays.

use accolade_application::customers::KnownCatalogues;
use accolade_application::ports::{BadgeEdit, BadgeVersion, CatalogueVersion, HeldQuery};
use accolade_domain::badge::Badge;
use accolade_domain::customer_view::{Catalogue, CustomerBadgeQuery, CustomerBadgeType};
use accolade_domain::owner::OwnerType;

use crate::World;
use crate::fixtures::{claim, customer, now};
use crate::held::everything_held;
use crate::race::{Running, race};
use crate::world::Tenant;

fn version_of(world: &World, tenant: Tenant) -> CatalogueVersion {
    world.held_of(tenant, &everything_held()).version
}

fn version(world: &World) -> CatalogueVersion {
    version_of(world, world.tenant)
}

fn a_known_catalogue_is_not_read_again(world: &World) {
    let badge = world.badge("Gold");
    world.enrol_for_hours(&badge, 0, 1, 0);
    let first = world.held(&everything_held());
    let knowing = |version| HeldQuery {
        known: Some(version),
        ..everything_held()
    };
    let again = world.held(&knowing(first.version));
    assert_eq!((again.version, again.catalogue), (first.version, None));
    assert_eq!(again.holdings, first.holdings);

    world.edit(&badge, BadgeEdit::Activity(false));
    let changed = world.held(&knowing(first.version));
    assert!(changed.version > first.version);
    assert!(!changed.catalogue.unwrap().badges()[0].badge.active);
    let other = knowing(CatalogueVersion(first.version.0 - 1));
    assert!(world.held(&other).catalogue.is_some());
}

fn every_edit_of_a_badge_or_a_group_raises_the_version_of_its_org_only(world: &World) {
    let other = world.tenant(7);
    let of_other = version_of(world, other);
    let mut last = version(world);
    let mut raised = |what: &str| {
        let version = version(world);
        assert!(version > last, "{what}");
        last = version;
    };
    let badge = world.badge("Gold");
    raised("a badge was created");
    world.edit(
        &badge,
        BadgeEdit::Claim(claim(OwnerType::Loyalty, "1", true)),
    );
    raised("a badge was claimed");
    world.edit(&badge, BadgeEdit::Activity(false));
    raised("a badge was turned off");
    world.redefine(&badge, |definition| definition.rank = None);
    raised("a badge was defined again");
    let group = world.group("Metals");
    raised("a group was created");
    let renamed = accolade_domain::catalogue::Group {
        name: "Ores".try_into().unwrap(),
        ..group.clone()
    };
    let groups = &world.stores.catalogue;
    groups.save_group(&group, &renamed, None, &[]).unwrap();
    raised("a group was renamed");
    let removed = renamed.removed(now(), group.created_by);
    groups.save_group(&renamed, &removed, None, &[]).unwrap();
    raised("a group was removed");
    assert_eq!(version_of(world, other), of_other);
}

fn an_edit_that_is_refused_leaves_the_version(world: &World) {
    let badge = world.badge("Gold");
    let group = world.group("Metals");
    let before = version(world);
    let mut late = world.edit_request(&badge, BadgeEdit::Activity(false));
    late.version = BadgeVersion(late.version.0 - 1);
    world.stores.badges.edit(&late).unwrap_err();
    let twin = world.draft("Gold");
    world.stores.badges.create(&twin, None, &[]).unwrap_err();
    let groups = &world.stores.catalogue;
    let removed = group.removed(now(), group.created_by);
    groups.save_group(&removed, &group, None, &[]).unwrap_err();
    assert_eq!(version(world), before);
}

fn edits_of_many_badges_at_once_each_raise_the_version(world: &World) {
    let servers = world.servers();
    let badges: Vec<_> = (0..4).map(|i| world.badge(&format!("Badge {i}"))).collect();
    let before = version(world).0;
    race(badges.len(), |i| {
        for turn in 0..5 {
            let edit = world.edit_request(&badges[i], BadgeEdit::Activity(turn % 2 == 0));
            servers[i % 2].badges.edit(&edit).unwrap();
        }
    });
    assert_eq!(version(world).0, before + 20);
}

/// One server adds a claim and lets customer 1 earn, in turn; the other reads what the customer
/// holds, and the catalogue whenever it has changed.
fn what_is_held_and_the_catalogue_are_from_one_moment(world: &World) {
    let servers = world.servers();
    let badge = world.direct("Gold");
    let running = Running::all(1);
    race(2, |i| {
        if i == 0 {
            let _running = running.one();
            for number in 1..=40 {
                let edit = claim(OwnerType::Loyalty, &number.to_string(), true);
                world.edit(&badge, BadgeEdit::Claim(edit));
                world.earn_in_hour(&badge, 0, 0, 1);
            }
            return;
        }
        let mut known: Option<(CatalogueVersion, Catalogue)> = None;
        while !running.is_over() {
            let query = HeldQuery {
                known: known.as_ref().map(|known| known.0),
                ..everything_held()
            };
            let held = servers[1].customer_badges.held(badge.org, &query).unwrap();
            if let Some(catalogue) = held.catalogue {
                known = Some((held.version, catalogue));
            }
            let catalogue = &known.as_ref().unwrap().1;
            let claims = catalogue.badges()[0].badge.claims.len() as u64;
            let earned = held.holdings.first().map_or(0, |it| it.earns.earned);
            let ahead = claims.checked_sub(earned);
            assert!(
                matches!(ahead, Some(0 | 1)),
                "{claims} claims, {earned} earned"
            );
        }
    });
}

fn once_an_edit_has_returned_no_server_lists_the_badge_as_it_was(world: &World) {
    let servers = world.servers();
    let remembered = [KnownCatalogues::default(), KnownCatalogues::default()];
    let badge = world.badge("Gold");
    let query = CustomerBadgeQuery::new(customer(1), CustomerBadgeType::AvailableToIssue, now());
    let listed = |badge: &Badge| {
        [0, 1].map(|server| {
            let store = &*servers[server].customer_badges;
            let page = remembered[server].list(store, badge.org, &query).unwrap();
            page.total
        })
    };
    for turn in 0..4 {
        let active = turn % 2 == 1;
        let edit = world.edit_request(&badge, BadgeEdit::Activity(active));
        servers[turn / 2].badges.edit(&edit).unwrap();
        assert_eq!(listed(&badge), [u64::from(active); 2], "turn {turn}");
    }
}

sentences! {
    a_known_catalogue_is_not_read_again
    every_edit_of_a_badge_or_a_group_raises_the_version_of_its_org_only
    an_edit_that_is_refused_leaves_the_version
    edits_of_many_badges_at_once_each_raise_the_version
    what_is_held_and_the_catalogue_are_from_one_moment
    once_an_edit_has_returned_no_server_lists_the_badge_as_it_was
}
