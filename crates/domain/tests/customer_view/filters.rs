//! What a list is filtered by, and its pages.

use accolade_domain::badge::BadgeStatus;
use accolade_domain::customer_view::{
    CustomerBadgeQuery, CustomerBadgeSort, CustomerBadgeType, EnrolmentsRead, Standing,
};
use accolade_domain::listing::PageOf;
use accolade_domain::owner::{OwnerType, Owners};

use crate::scene::{Scene, all, claim, hour, now, period};

use CustomerBadgeType::{Available, AvailableToIssue, Earned};

#[test]
fn every_filter_must_apply() {
    let mut scene = Scene::default();
    let metals = scene.group(1);
    let gold = scene.badge("Gold 100%", |badge| {
        badge.definition.period = period(hour(-2), hour(2));
        badge.definition.owners =
            Owners::try_from(vec![OwnerType::Loyalty, OwnerType::Journeys]).unwrap();
        badge.claims = vec![
            claim(OwnerType::Journeys, true),
            claim(OwnerType::Loyalty, false),
        ];
    });
    scene.put_in(gold, &metals);
    let silver = scene.badge("Silber ÄÖ", |badge| {
        badge.definition.period = period(hour(-4), hour(-1));
        badge.active = false;
    });
    for badge in [gold, silver] {
        scene.earn(badge, hour(9));
    }
    let query = || all(Earned);
    let both = vec!["Gold 100%", "Silber ÄÖ"];
    let gold = vec!["Gold 100%"];
    let silver = vec!["Silber ÄÖ"];
    let none = Vec::<&str>::new();
    let name = |part: &str| CustomerBadgeQuery {
        name_contains: Some(part.to_owned()),
        ..query()
    };
    let mut cases = vec![
        (query(), both.clone()),
        (name("%"), gold.clone()),
        (name("GOLD"), gold.clone()),
        (name("äö"), silver.clone()),
        (name("_"), none.clone()),
        (name(""), both.clone()),
    ];
    let mut add = |change: &dyn Fn(&mut CustomerBadgeQuery), expected: &Vec<&'static str>| {
        let mut query = query();
        change(&mut query);
        cases.push((query, expected.clone()));
    };
    add(&|q| q.statuses = vec![BadgeStatus::Live], &gold);
    let others = vec![BadgeStatus::Expired, BadgeStatus::Upcoming];
    add(&|q| q.statuses.clone_from(&others), &silver);
    add(&|q| q.statuses = BadgeStatus::ALL.to_vec(), &both);
    add(&|q| q.active = Some(true), &gold);
    add(&|q| q.active = Some(false), &silver);
    add(&|q| q.owner = Some(OwnerType::Loyalty), &both);
    add(&|q| q.owner = Some(OwnerType::Journeys), &gold);
    add(&|q| q.claimed_by = Some(OwnerType::Journeys), &gold);
    add(&|q| q.claimed_by = Some(OwnerType::Loyalty), &none);
    add(&|q| q.group = Some(metals.id), &gold);
    add(&|q| q.starts_after = Some(hour(-4)), &gold);
    add(&|q| q.starts_after = Some(hour(-5)), &both);
    add(&|q| q.starts_before = Some(hour(-2)), &silver);
    add(&|q| q.ends_after = Some(hour(-1)), &gold);
    add(&|q| q.ends_before = Some(hour(2)), &silver);
    add(&|q| q.ends_before = Some(hour(3)), &both);
    add(
        &|q| {
            q.ends_before = Some(hour(3));
            q.active = Some(false);
            q.owner = Some(OwnerType::Loyalty);
        },
        &silver,
    );
    for (query, expected) in cases {
        assert_eq!(scene.sorted_names(&query), expected, "{query:?}");
        assert_eq!(scene.page(&query).total, expected.len() as u64);
    }
}

#[test]
fn a_badge_is_shown_with_its_group_and_how_the_customer_stands_to_it() {
    let mut scene = Scene::default();
    let metals = scene.group(1);
    let gold = scene.badge("Gold", |_| {});
    scene.put_in(gold, &metals);
    let shown = scene.page(&all(AvailableToIssue)).items.remove(0);
    assert_eq!(*shown.badge, scene.shelf(gold).badge);
    assert_eq!(shown.group, Some(metals));
    assert_eq!(shown.standing, Standing::default());

    scene.enrol(gold, hour(-1), hour(1));
    scene.earn(gold, hour(5));
    let holding = scene.shelf(gold).holding(now());
    for badge_type in [Available, Earned] {
        let shown = scene.page(&all(badge_type)).items.remove(0);
        assert_eq!(shown.standing, Standing::new(&holding, now()));
    }
}

#[test]
fn pages_follow_each_other_and_end_empty() {
    let mut scene = Scene::default();
    for number in 0..7 {
        scene.badge(&format!("Badge {number}"), |_| {});
    }
    for sort in [CustomerBadgeSort::Rank, CustomerBadgeSort::LastEarnedOn] {
        let query = |page, size| CustomerBadgeQuery {
            sort,
            page: PageOf { page, size },
            ..all(AvailableToIssue)
        };
        let whole = scene.names(&query(0, 100));
        assert_eq!(whole.len(), 7);
        for size in [1, 3, 7] {
            let pages = (0..7).flat_map(|page| scene.names(&query(page, size)));
            assert_eq!(pages.collect::<Vec<_>>(), whole);
        }
        for past in [query(3, 3), query(u32::MAX, 100)] {
            let past = scene.page(&past);
            assert_eq!((past.items, past.total), (vec![], 7));
        }
    }
}

/// What is not asked for may be missing, so whatever a list depends on has to be.
#[test]
fn enrolments_are_needed_where_a_list_depends_on_them_or_shows_them() {
    let needed = |badge_type, sort, shows_enrolments| {
        let query = CustomerBadgeQuery {
            sort,
            shows_enrolments,
            ..all(badge_type)
        };
        query.enrolments()
    };
    let (rank, issued) = (CustomerBadgeSort::Rank, CustomerBadgeSort::LastIssued);
    assert_eq!(needed(Earned, rank, false), EnrolmentsRead::Nothing);
    assert_eq!(needed(Earned, rank, true), EnrolmentsRead::Enrolments);
    assert_eq!(needed(Earned, issued, false), EnrolmentsRead::WithRecording);
    for badge_type in [Available, AvailableToIssue] {
        assert_eq!(needed(badge_type, rank, false), EnrolmentsRead::Enrolments);
    }
}
