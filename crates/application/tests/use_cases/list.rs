//! Listing badges.

use accolade_application::badges::{get, list};
use accolade_application::ports::{BadgeQuery, BadgeSort, SortOrder};

use crate::world::{World, command};

#[test]
fn a_page_shows_each_badge_as_it_is_got_alone_and_no_others_see_it() {
    let world = World::new();
    let badges = ["Gold", "Silver", "Bronze"].map(|name| world.badge(name));
    world.enrol(command(badges[1], &[1, 2])).unwrap();
    let query = BadgeQuery {
        now: world.ports.clock.now(),
        statuses: Vec::new(),
        earn_type: None,
        active: None,
        owner: None,
        claimed_by: None,
        unclaimed: None,
        group: None,
        name_contains: None,
        starts_from: None,
        ends_until: None,
        sort: BadgeSort::Id,
        order: SortOrder::Descending,
        page: 0,
        size: 2,
    };
    let page = list(&world.ports, &world.caller, &query).unwrap();
    let expected =
        [badges[2], badges[1]].map(|badge| get(&world.ports, &world.caller, badge).unwrap());
    assert_eq!(page.badges, expected);
    assert_eq!(page.total, 3);
    let others = list(&world.ports, &world.stranger(), &query).unwrap();
    assert_eq!((others.badges, others.total), (vec![], 0));
}
