//! Listing badges by name.

use accolade_application::ports::{BadgeQuery, BadgeSort, SortOrder};

use crate::World;
use crate::fixtures::everything;

fn names(world: &World, query: &BadgeQuery) -> Vec<String> {
    let page = world.stores.badges.list(world.tenant.org, query).unwrap();
    let badges = page.badges.into_iter();
    badges
        .map(|found| found.badge.definition.name.into())
        .collect()
}

fn containing(world: &World, part: &str) -> Vec<String> {
    let name_contains = Some(part.to_owned());
    names(
        world,
        &BadgeQuery {
            name_contains,
            ..everything()
        },
    )
}

fn a_name_is_found_by_any_part_of_it_whatever_its_case(world: &World) {
    for name in ["Gold Star", "golden", "Silver"] {
        world.badge(name);
    }
    for (part, expected) in [
        ("", vec!["Gold Star", "golden", "Silver"]),
        ("GOLD", vec!["Gold Star", "golden"]),
        ("gOLd", vec!["Gold Star", "golden"]),
        ("d s", vec!["Gold Star"]),
        ("star", vec!["Gold Star"]),
        ("er", vec!["Silver"]),
        ("goldstar", vec![]),
        ("Silver ", vec![]),
    ] {
        assert_eq!(containing(world, part), expected, "{part:?}");
    }
}

fn no_character_of_a_name_filter_has_a_special_meaning(world: &World) {
    let special = [
        "%", "_", "\\", "\\%", "*", "?", "[a]", "^", "$", ".", "'", "\"", "|", "(", "--",
    ];
    for part in special {
        world.badge(&format!("x{part}y"));
    }
    world.badge("plain");
    for part in special {
        let expected: Vec<_> = special
            .iter()
            .filter(|other| other.contains(part))
            .map(|other| format!("x{other}y"))
            .collect();
        assert_eq!(containing(world, part), expected, "{part:?}");
    }
    assert_eq!(containing(world, "x%y"), ["x%y"]);
    assert_eq!(containing(world, "x_y"), ["x_y"]);
    assert_eq!(containing(world, "%x%"), [""; 0]);
}

fn case_is_ignored_beyond_ascii_as_unicode_lower_case_has_it(world: &World) {
    for name in [
        "Ärzte", "ÉCLAT", "ПРИЗ", "ΟΔΟΣ", "İzmir", "STRASSE", "straße", "Ǆ", "𐐀x",
    ] {
        world.badge(name);
    }
    for (part, expected) in [
        ("ärz", vec!["Ärzte"]),
        ("ÄRZ", vec!["Ärzte"]),
        ("éclat", vec!["ÉCLAT"]),
        ("eclat", vec![]),
        ("приз", vec!["ПРИЗ"]),
        ("οδος", vec!["ΟΔΟΣ"]),
        ("ΔΟΣ", vec!["ΟΔΟΣ"]),
        ("i\u{307}z", vec!["İzmir"]),
        ("İ", vec!["İzmir"]),
        ("izmir", vec![]),
        ("strasse", vec!["STRASSE"]),
        ("STRASSE", vec!["STRASSE"]),
        ("ẞE", vec!["straße"]),
        ("ǅ", vec!["Ǆ"]),
        ("𐐨", vec!["𐐀x"]),
    ] {
        assert_eq!(containing(world, part), expected, "{part:?}");
    }
}

fn the_longest_name_is_found_by_the_longest_part(world: &World) {
    // Each of these becomes two characters in lower case.
    let name = "İ".repeat(255);
    world.badge(&name);
    assert_eq!(containing(world, &name), [name.as_str()]);
    assert_eq!(containing(world, &"İ".repeat(256)), [""; 0]);
}

fn names_are_sorted_by_code_point(world: &World) {
    // UTF-16 would put U+1F600 before U+FF5E, and a dictionary Zebra after apple.
    let mut sorted = [
        "-gold",
        "A b",
        "A-b",
        "A_b",
        "Ab",
        "Zebra",
        "apple",
        "zebra",
        "Ärzte",
        "ärzte",
        "Жук",
        "\u{ff5e}",
        "\u{1f600}",
    ];
    for name in sorted.iter().rev() {
        world.badge(name);
    }
    let sort = BadgeSort::Name;
    assert_eq!(
        names(
            world,
            &BadgeQuery {
                sort,
                ..everything()
            }
        ),
        sorted
    );
    sorted.reverse();
    let order = SortOrder::Descending;
    assert_eq!(
        names(
            world,
            &BadgeQuery {
                sort,
                order,
                ..everything()
            }
        ),
        sorted
    );
}

sentences! {
    a_name_is_found_by_any_part_of_it_whatever_its_case
    no_character_of_a_name_filter_has_a_special_meaning
    case_is_ignored_beyond_ascii_as_unicode_lower_case_has_it
    the_longest_name_is_found_by_the_longest_part
    names_are_sorted_by_code_point
}
