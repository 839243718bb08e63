//! Everything that an org has, a page after the other.

use accolade_application::ports::{
    CustomerExport, DirectoryEntry, HeldExport, HeldKey, Identifiers, ListExport, RecordedIn,
};
use accolade_domain::badge::Badge;
use accolade_domain::ids::CustomerId;
use accolade_domain::owner::OwnerType;

use crate::World;
use crate::copy::{Copied, all_pages, earned_badges, enrolments};
use crate::feed::{all_of, query};
use crate::fixtures::{at, customer, hold, now, owner, second};

/// More than one page of any adapter has.
const MANY: i64 = 4_500;

fn everything() -> HeldExport {
    HeldExport::default()
}

fn numbers(keys: impl IntoIterator<Item = HeldKey>) -> Vec<(i64, u32)> {
    let keys = keys.into_iter();
    keys.map(|key| (key.customer.get(), key.ordinal)).collect()
}

/// Enrols the customers in their first hold, recorded so many seconds after 1970.
fn enrolled(world: &World, badge: &Badge, recorded: i64, who: impl IntoIterator<Item = i64>) {
    let mut request = world.request(badge, who);
    request.context.now = second(recorded);
    world.enrol(&request).unwrap();
}

fn many_rows_come_each_once_in_the_order_of_their_keys(world: &World) {
    let [gold, silver] = ["Gold", "Silver"].map(|name| world.badge(name));
    for badge in [&silver, &gold] {
        world
            .enrol(&world.request(badge, (1..=MANY).rev()))
            .unwrap();
        let earning = world.earning_at(badge, 1..=MANY, second(1500), now());
        world.earn(&earning).unwrap();
    }
    let mut again = world.request(&gold, [7, 8]);
    again.hold = hold(3000, 4000);
    world.enrol(&again).unwrap();

    let org = world.tenant.org;
    let all = enrolments(&world.stores, org, everything());
    let keys: Vec<_> = all.iter().map(|row| row.key).collect();
    assert_eq!(keys.len(), usize::try_from(2 * MANY + 2).unwrap());
    assert!(keys.is_sorted_by(|a, b| a < b));
    let of_7: Vec<_> = keys
        .into_iter()
        .filter(|it| it.customer == customer(7))
        .collect();
    let expected = [(gold.id, 1), (gold.id, 2), (silver.id, 1)];
    assert_eq!(
        of_7.iter()
            .map(|it| (it.badge, it.ordinal))
            .collect::<Vec<_>>(),
        expected
    );

    let all = earned_badges(&world.stores, org, everything());
    assert_eq!(all.len(), usize::try_from(2 * MANY).unwrap());
    assert!(all.is_sorted_by(|a, b| a.key < b.key));
}

fn whoever_goes_on_behind_any_row_gets_the_rest(world: &World) {
    let [gold, silver] = ["Gold", "Silver"].map(|name| world.badge(name));
    for badge in [&gold, &silver] {
        enrolled(world, badge, 1500, (1..=60).map(|it| it * 1_000_000_007));
        world
            .import(&world.importing(badge, &[(5, now()), (5, now()), (9, now())]))
            .unwrap();
    }
    let org = world.tenant.org;
    let all = enrolments(&world.stores, org, everything());
    for (place, row) in all.iter().enumerate() {
        let rest = enrolments(&world.stores, org, everything().behind(row.key));
        assert_eq!(rest, all[place + 1..], "behind {:?}", row.key);
    }
    let all = earned_badges(&world.stores, org, everything());
    assert_eq!(
        numbers(all.iter().map(|it| it.key)),
        [(5, 1), (5, 2), (5, 1), (5, 2), (9, 1), (9, 1)]
    );
    for (place, row) in all.iter().enumerate() {
        let rest = earned_badges(&world.stores, org, everything().behind(row.key));
        assert_eq!(rest, all[place + 1..], "behind {:?}", row.key);
    }
}

fn a_row_is_what_details_say_with_the_request_that_recorded_it(world: &World) {
    let badge = world.badge("Gold");
    let mut enrolling = world.request(&badge, [1]);
    enrolling.triggered_by = Some(owner(OwnerType::Loyalty, "𝄞"));
    world.enrol(&enrolling).unwrap();
    let mut earning = world.earning_at(&badge, [1], second(1500), now());
    earning.triggered_by = Some(owner(OwnerType::Milestones, "2"));
    world.earn(&earning).unwrap();
    let import = world.importing(&badge, &[(1, second(5))]);
    world.import(&import).unwrap();
    let org = world.tenant.org;
    for is_revoked in [false, true] {
        if is_revoked {
            let mut revoking = world.unenrolling(&badge, &[(1, None)]);
            revoking.reason = Some("wrong person".try_into().unwrap());
            world.unenrol(&revoking).unwrap();
            let id = world.details(&badge, 1).earns.items[1].earned.id;
            world.revoke_earn(&world.revoking(&badge, 1, id)).unwrap();
        }
        let mut details = world.details(&badge, 1);
        details.earns.items.reverse();

        let rows = enrolments(&world.stores, org, everything());
        let [row] = rows.as_slice() else {
            panic!("{rows:?}")
        };
        assert_eq!(row.record, details.enrolments.items[0]);
        assert_eq!(row.record.enrolment.revoked_on.is_some(), is_revoked);
        assert_eq!(row.request_id, enrolling.request_id);
        assert_eq!(row.created_by, world.tenant.actor);

        let rows = earned_badges(&world.stores, org, everything());
        let records: Vec<_> = rows.iter().map(|row| row.record.clone()).collect();
        assert_eq!(records, details.earns.items);
        let ids: Vec<_> = rows.iter().map(|row| row.request_id.clone()).collect();
        assert_eq!(ids, [earning.request_id.clone(), import.request_id.clone()]);
        assert_eq!(rows[1].created_by, world.tenant.actor);
    }
}

fn filters_choose_and_what_they_leave_out_is_passed(world: &World) {
    let [gold, silver] = ["Gold", "Silver"].map(|name| world.badge(name));
    enrolled(world, &gold, 10, 1..=MANY);
    enrolled(world, &silver, 20, [3, MANY]);
    enrolled(world, &silver, 30, [4]);
    let earns = [(10, 3), (20, 4), (30, 3)];
    for (recorded, who) in earns {
        let earning = world.earning_at(&silver, [who], second(1500), second(recorded));
        world.earn(&earning).unwrap();
    }
    let org = world.tenant.org;
    let found = |asked| {
        let all = enrolments(&world.stores, org, asked);
        numbers(all.iter().map(|it| it.key))
    };
    let recorded = |from: Option<i64>, to: Option<i64>| RecordedIn {
        from: from.map(second),
        to: to.map(second),
    };
    let of_silver = HeldExport {
        badge: Some(silver.id),
        ..everything()
    };
    assert_eq!(found(of_silver), [(3, 1), (4, 1), (MANY, 1)]);
    let of_customer = HeldExport {
        customer: Some(customer(3)),
        ..everything()
    };
    assert_eq!(found(of_customer), [(3, 1), (3, 1)]);
    let of_both = HeldExport {
        badge: Some(silver.id),
        ..of_customer
    };
    assert_eq!(found(of_both), [(3, 1)]);
    let nobody = HeldExport {
        customer: Some(customer(MANY + 1)),
        ..everything()
    };
    assert_eq!(found(nobody), []);
    for (from, to, expected) in [
        (Some(20), None, vec![(3, 1), (4, 1), (MANY, 1)]),
        (Some(20), Some(30), vec![(3, 1), (MANY, 1)]),
        (Some(30), Some(31), vec![(4, 1)]),
        (Some(31), None, vec![]),
        (None, Some(10), vec![]),
    ] {
        let recorded = recorded(from, to);
        let asked = HeldExport {
            recorded,
            ..everything()
        };
        assert_eq!(found(asked), expected, "{recorded:?}");
    }
    for (from, to, expected) in [
        (None, None, vec![(3, 1), (3, 2), (4, 1)]),
        (Some(20), None, vec![(3, 2), (4, 1)]),
        (Some(10), Some(20), vec![(3, 1)]),
    ] {
        let asked = HeldExport {
            recorded: recorded(from, to),
            ..of_silver
        };
        let all = earned_badges(&world.stores, org, asked);
        assert_eq!(numbers(all.iter().map(|it| it.key)), expected);
    }
    // Where to go on counts beside what is asked for, whichever is behind the other.
    let first = HeldKey {
        customer: customer(1),
        badge: gold.id,
        ordinal: 1,
    };
    assert_eq!(found(of_both.behind(first)), [(3, 1)]);
    let last = HeldKey {
        customer: customer(3),
        badge: silver.id,
        ordinal: 1,
    };
    assert_eq!(found(of_customer.behind(last)), []);
}

fn badges_groups_and_custom_fields_come_by_id_inactive_and_removed_ones_too(world: &World) {
    let org = world.tenant.org;
    let names: Vec<_> = (0..150).map(|number| format!("B{number}")).collect();
    let mut badges: Vec<_> = (names.iter())
        .map(|name| world.badge_like(name, |badge| badge.active = name != "B7"))
        .collect();
    badges.sort_by_key(|badge| badge.id);
    enrolled(world, &badges[3], 10, 1..=4);
    let export = |asked: ListExport<_>| {
        all_pages(|after| {
            let asked = after.map_or(asked, |after| asked.behind(after));
            world.stores.exports.badges(org, &asked).unwrap()
        })
    };
    let found = export(ListExport::default());
    let expected: Vec<_> = badges.iter().map(|badge| world.counted(badge)).collect();
    assert_eq!(found, expected);
    assert_eq!(found[3].counts.issued, 4);
    let rest = export(ListExport::default().behind(badges[119].id));
    assert_eq!(rest, expected[120..]);
    let only = ListExport {
        only: Some(badges[7].id),
        ..ListExport::default()
    };
    assert_eq!(export(only), expected[7..8]);
    let recorded = RecordedIn {
        from: None,
        to: Some(badges[0].created_on),
    };
    let none = ListExport {
        recorded,
        ..ListExport::default()
    };
    assert_eq!(export(none), []);

    let kept = world.group("Metals");
    let gone = world.group("Woods");
    let removed = gone.removed(at("2026-05-03T00:00:00Z"), world.tenant.actor);
    let catalogue = &world.stores.catalogue;
    catalogue.save_group(&gone, &removed, None, &[]).unwrap();
    let groups = |asked: ListExport<_>| world.stores.exports.groups(org, &asked).unwrap();
    let all = groups(ListExport::default());
    assert_eq!(all.rows, [kept.clone(), removed.clone()]);
    assert_eq!(all.next, None);
    let behind = groups(ListExport::default().behind(kept.id));
    assert_eq!(behind.rows, [removed]);

    let fields: Vec<_> = ["Size", "Colour"]
        .map(|name| super::custom_fields::field(world, name))
        .into();
    let found = |asked: ListExport<_>| world.stores.exports.custom_fields(org, &asked).unwrap();
    assert_eq!(found(ListExport::default()).rows, fields);
    let behind = found(ListExport::default().behind(fields[0].id));
    assert_eq!(behind.rows, fields[1..]);
}

fn customers_come_by_number_each_with_all_that_it_is_called(world: &World) {
    let org = world.tenant.org;
    let entry = |number: i64| {
        let text = |kind: &str| Some(format!("{kind}{number}").as_str().try_into().unwrap());
        DirectoryEntry {
            customer: customer(number),
            identifiers: Identifiers {
                email: text("e"),
                mobile: (number % 3 > 0).then(|| text("m")).flatten(),
                external_id: (number % 3 > 1).then(|| text("x")).flatten(),
                card_number: text("c"),
            },
        }
    };
    let entries: Vec<_> = (1..=MANY).map(|number| entry(number * 11)).collect();
    let by = world.tenant.by(None);
    world
        .stores
        .directory
        .put(org, &entries, &by, None)
        .unwrap();
    let export = |asked: CustomerExport| {
        all_pages(|after: Option<CustomerId>| {
            let asked = after.map_or(asked, |after| asked.behind(after));
            world.stores.exports.customers(org, &asked).unwrap()
        })
    };
    assert!(export(CustomerExport::default()) == entries);
    let behind = CustomerExport::default().behind(customer(MANY * 11 - 30));
    assert_eq!(export(behind), entries[entries.len() - 3..]);
    let only = |number| CustomerExport {
        only: Some(customer(number)),
        ..CustomerExport::default()
    };
    assert_eq!(export(only(22)), [entry(22)]);
    assert_eq!(export(only(23)), []);
    assert_eq!(export(only(22).behind(customer(22))), []);
}

fn another_orgs_rows_are_in_no_export(world: &World) {
    let [mine, other] = [8, 9].map(|number| world.tenant(number));
    let badge = world.badge_of(other, "Gold");
    world.enrol(&world.request(&badge, 1..=3)).unwrap();
    world
        .import(&world.importing(&badge, &[(1, now())]))
        .unwrap();
    let entry = DirectoryEntry {
        customer: customer(1),
        identifiers: Identifiers {
            email: Some("a@x".try_into().unwrap()),
            ..Identifiers::default()
        },
    };
    let directory = &world.stores.directory;
    directory
        .put(other.org, &[entry], &other.by(None), None)
        .unwrap();
    assert_eq!(Copied::of(&world.stores, other.org).len(), 4);
    assert_eq!(Copied::of(&world.stores, mine.org).len(), 0);
    let exports = &world.stores.exports;
    let badges = |org| exports.badges(org, &ListExport::default()).unwrap().rows;
    assert_eq!((badges(other.org).len(), badges(mine.org).len()), (1, 0));
    let customers = |org| {
        let all = exports.customers(org, &CustomerExport::default());
        all.unwrap().rows.len()
    };
    assert_eq!((customers(other.org), customers(mine.org)), (1, 0));
}

fn who_is_merged_while_a_copy_is_taken_is_read_anew(world: &World) {
    let gold = world.badge("Gold");
    enrolled(world, &gold, 1500, 1..=MANY);
    let org = world.tenant.org;
    let as_of = world.stores.events.newest(org).unwrap();
    let mut copy = Copied::default();
    let first = world.stores.exports.enrolments(org, &everything()).unwrap();
    copy.load_enrolments(&first.rows);
    let behind = first.next.unwrap();
    // The one is where the copy has been, the other where it will be.
    let last = MANY;
    world.earns(&world.direct("Silver"), [1, last]);
    let mut second_hold = world.request(&gold, [last]);
    second_hold.hold = hold(3000, 4000);
    world.enrol(&second_hold).unwrap();
    world.merge(last, 1);
    let rest = enrolments(&world.stores, org, everything().behind(behind));
    copy.load_enrolments(&rest);
    for event in all_of(&*world.stores.events, query(org, as_of)) {
        copy.apply(&event, &world.stores, org);
    }
    assert!(copy == Copied::of(&world.stores, org));
}

sentences! {
    who_is_merged_while_a_copy_is_taken_is_read_anew
    many_rows_come_each_once_in_the_order_of_their_keys
    whoever_goes_on_behind_any_row_gets_the_rest
    a_row_is_what_details_say_with_the_request_that_recorded_it
    filters_choose_and_what_they_leave_out_is_passed
    badges_groups_and_custom_fields_come_by_id_inactive_and_removed_ones_too
    customers_come_by_number_each_with_all_that_it_is_called
    another_orgs_rows_are_in_no_export
}
