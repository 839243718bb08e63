//! Dry runs of whole files: what they say is what the real run does.

use std::fmt::Write as _;

use accolade_domain::badge::EarnType;
use accolade_domain::job::{JobOperation, JobSettings};
use proptest::prelude::*;

use crate::world::{World, id, ids, settings};

/// A row: what it is about, by small numbers that a scene makes something of.
type Numbers = (u8, u8, u8);

/// Makes the world of a test, and of numbers a file with what it is to do.
type Scene = fn(&World, &[Numbers]) -> (JobSettings, String);

fn date(number: u8) -> &'static str {
    [
        "",
        "2026-02-01T00:00:00Z",
        "2026-05-01T00:00:00Z",
        "2026-05-09T00:00:00Z",
    ][usize::from(number % 4)]
}

fn enrolments(world: &World, rows: &[Numbers]) -> (JobSettings, String) {
    let badges = [
        world.badge("Gold", EarnType::IssueEarn, None),
        world.badge("Off", EarnType::IssueEarn, None),
        world.badge("Silver", EarnType::IssueEarn, None),
    ];
    world.turn(badges[1], false);
    world.call(3, "ada@example.org");
    let before = settings(JobOperation::Enrol, Some(badges[0]));
    world.start("before", before, "customerId\n2\n5\n");
    world.finish("before");
    let mut file = "customerId,email,badgeMetaId,eventDate\n".to_owned();
    for (who, badge, when) in rows {
        let named = match who % 8 {
            0 => ",ada@example.org".to_owned(),
            7 => ",bob@example.org".to_owned(),
            number => format!("{number},"),
        };
        let badge = badges[usize::from(badge % 4).min(2)];
        writeln!(file, "{named},{badge},{}", date(*when)).unwrap();
    }
    (settings(JobOperation::Enrol, None), file)
}

fn earns(world: &World, rows: &[Numbers]) -> (JobSettings, String) {
    let badges = [
        world.badge("Many", EarnType::Earn, None),
        world.limited("Few"),
        world.badge("Enrolled", EarnType::IssueEarn, Some(3)),
    ];
    let before = settings(JobOperation::Enrol, Some(badges[2]));
    world.start("before", before, "customerId\n1\n2\n");
    world.finish("before");
    let before = settings(JobOperation::Earn, Some(badges[1]));
    world.start("earlier", before, "customerId\n1\n2\n");
    world.finish("earlier");
    let mut file = "customerId,badgeMetaId,eventDate\n".to_owned();
    for (who, badge, when) in rows {
        let badge = badges[usize::from(badge % 3)];
        writeln!(file, "{},{badge},{}", who % 5 + 1, date(*when)).unwrap();
    }
    (settings(JobOperation::Earn, None), file)
}

fn revocations(world: &World, rows: &[Numbers]) -> (JobSettings, String) {
    let badge = world.badge("Gold", EarnType::IssueEarn, None);
    let before = settings(JobOperation::Enrol, Some(badge));
    world.start("before", before, "customerId\n1\n2\n3\n");
    let enrolled = ids(&world.finish("before"));
    let mut file = "customerId,badgeMetaId,issuedId\n".to_owned();
    for (who, which, _) in rows {
        let issued = match which % 5 {
            0 | 1 => String::new(),
            other => enrolled[usize::from(other) - 2].to_string(),
        };
        writeln!(file, "{},{badge},{issued}", who % 4 + 1).unwrap();
    }
    (settings(JobOperation::RevokeEnrolments, None), file)
}

fn revoked_earns(world: &World, rows: &[Numbers]) -> (JobSettings, String) {
    let badge = world.badge("Gold", EarnType::Earn, None);
    let before = settings(JobOperation::Earn, Some(badge));
    world.start("before", before, "customerId\n1\n2\n3\n");
    let earned = ids(&world.finish("before"));
    let mut file = "customerId,badgeMetaId,earnedBadgeId\n".to_owned();
    for (who, which, _) in rows {
        let earned = earned[usize::from(which % 3)];
        writeln!(file, "{},{badge},{earned}", who % 4 + 1).unwrap();
    }
    (settings(JobOperation::RevokeEarns, None), file)
}

fn imports(world: &World, rows: &[Numbers]) -> (JobSettings, String) {
    let badge = world.badge("Gold", EarnType::Earn, Some(1));
    let mut file = "customerId,badgeMetaId,eventDate,earnExpiresOn\n".to_owned();
    for (who, which, when) in rows {
        let badge = if which % 4 == 0 {
            "66276dc68fe258516a88ff00".to_owned()
        } else {
            badge.to_string()
        };
        let expiry = if when % 2 == 0 {
            "2025-01-01T00:00:00Z"
        } else {
            "2030-01-01T00:00:00Z"
        };
        writeln!(file, "{},{badge},{},{expiry}", who % 4 + 1, date(*when)).unwrap();
    }
    (settings(JobOperation::Import, None), file)
}

fn customers(world: &World, rows: &[Numbers]) -> (JobSettings, String) {
    for number in 1..4 {
        world.call(number, &format!("n{number}@example.org"));
    }
    let mut file = "customerId,email,cardNumber\n".to_owned();
    for (who, email, card) in rows {
        let email = match email % 7 {
            0 => String::new(),
            other => format!("n{other}@example.org"),
        };
        let card = match card % 4 {
            0 => String::new(),
            other => format!("c{other}"),
        };
        writeln!(file, "{},{email},{card}", who % 5 + 1).unwrap();
    }
    (settings(JobOperation::Customers, None), file)
}

const SCENES: [Scene; 6] = [
    enrolments,
    earns,
    revocations,
    revoked_earns,
    imports,
    customers,
];

/// Everything that there is to be told of.
fn events(world: &World) -> usize {
    [
        "enrolment.created",
        "enrolment.revoked",
        "earn.created",
        "earn.revoked",
        "earn.imported",
    ]
    .iter()
    .map(|name| world.events(name))
    .sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn a_dry_run_says_of_each_row_what_the_real_run_does(
        scene in 0..SCENES.len(),
        rows in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 1..40),
    ) {
        let world = World::new();
        let (settings, file) = SCENES[scene](&world, &rows);
        let before = events(&world);
        let dry = JobSettings { dry_run: true, ..settings.clone() };
        world.start("dry", dry, &file);
        world.finish("dry");
        prop_assert_eq!(events(&world), before);
        world.start("real", settings, &file);
        world.finish("real");
        let told = |name: &str| -> Vec<_> {
            let outcomes = world.outcomes(name);
            let told = outcomes.iter().map(|it| it.rejection().cloned());
            told.collect()
        };
        prop_assert_eq!(told("dry"), told("real"));
    }

    #[test]
    fn a_dry_run_that_is_killed_again_and_again_says_the_same(
        scene in 0..SCENES.len(),
        rows in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 1..40),
        fuses in prop::collection::vec(0u32..6, 1..12),
    ) {
        let world = World::new();
        let (settings, file) = SCENES[scene](&world, &rows);
        let dry = JobSettings { dry_run: true, ..settings };
        world.start("dry", dry.clone(), &file);
        world.finish("dry");
        world.start("killed", dry, &file);
        for fuse in fuses {
            world.clock.burn_after(fuse);
            world.finish_or_die("killed");
        }
        world.finish("killed");
        prop_assert_eq!(world.outcomes("killed"), world.outcomes("dry"));
    }
}

#[test]
fn what_a_dry_run_remembers_is_forgotten_once_it_has_ended() {
    let world = World::new();
    let badge = world.badge("Gold", EarnType::IssueEarn, None);
    let mut dry = settings(JobOperation::Enrol, Some(badge));
    dry.dry_run = true;
    world.start("dry", dry, "customerId\n1\n1\n");
    world.finish("dry");
    assert_eq!(world.codes("dry"), [0, 1040]);
    let key = format!("holds/{badge}/1");
    let tried = || {
        let jobs = &world.ports.stores.jobs;
        let found = jobs.tried(world.caller.org, &id("dry"), std::slice::from_ref(&key));
        found.unwrap().remove(0)
    };
    assert!(tried().is_some());
    let now = world.ports.clock.now();
    assert_eq!(world.ports.stores.jobs.sweep_jobs(now).unwrap(), 1);
    assert_eq!(tried(), None);
}
