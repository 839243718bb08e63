//! Jobs whose carriers are killed at every moment, or are two at once: every row has one outcome, the
//! one that it would have had undisturbed.

use std::fmt::Write as _;
use std::thread;

use accolade_application::badges::KnownBadges;
use accolade_application::customers::NamedCustomer;
use accolade_application::jobs::run::{JobRun, RunError};
use accolade_application::people::{EraseCustomer, MergeCustomers};
use accolade_application::ports::{Advance, FilePlace};
use accolade_domain::badge::EarnType;
use accolade_domain::job::{JobOperation, JobState};
use proptest::prelude::*;

use crate::world::{World, code, customer, id, ids, settings};

/// An operation and its file, for which the world is made ready.
type Scene = (JobOperation, fn(&World) -> String);

fn enrolments(world: &World) -> String {
    let gold = world.badge("Gold", EarnType::IssueEarn, None);
    let off = world.badge("Off", EarnType::IssueEarn, None);
    world.turn(off, false);
    world.call(7, "ada@example.org");
    let mut file = "customerId,email,badgeMetaId,eventDate\n".to_owned();
    for row in 0..14 {
        let badge = if row % 5 == 3 { off } else { gold };
        let date = if row % 4 == 1 {
            "2026-05-01T00:00:00Z"
        } else {
            ""
        };
        let (number, email) = match row % 6 {
            2 => (String::new(), "ada@example.org"),
            5 => (String::new(), "bob@example.org"),
            _ => ((row % 9 + 1).to_string(), ""),
        };
        writeln!(file, "{number},{email},{badge},{date}").unwrap();
    }
    file.push_str("broken\n");
    file
}

fn earns(world: &World) -> String {
    let few = world.badge("Few", EarnType::Earn, Some(5));
    let many = world.badge("Many", EarnType::Earn, None);
    let mut file = "customerId,badgeMetaId,eventDate\n".to_owned();
    for row in 0..14 {
        let badge = if row % 3 == 2 { many } else { few };
        let date = if row % 4 == 1 {
            "2026-05-01T00:00:00Z"
        } else {
            ""
        };
        writeln!(file, "{},{badge},{date}", row % 5 + 1).unwrap();
    }
    file
}

fn imports(world: &World) -> String {
    let badge = world.badge("Gold", EarnType::Earn, Some(1));
    let mut file = "customerId,badgeMetaId,eventDate,earnExpiresOn\n".to_owned();
    for row in 0..9 {
        let year = if row % 4 == 3 { 2019 } else { 2030 };
        writeln!(
            file,
            "{},{badge},2020-01-01T00:00:00Z,{year}-01-01T00:00:00Z",
            row % 5 + 1
        )
        .unwrap();
    }
    file
}

fn customers(world: &World) -> String {
    world.call(9, "nine@example.org");
    let mut file = "customerId,email\n".to_owned();
    for (number, name) in [
        (1, "a"),
        (2, "nine"),
        (9, "other"),
        (2, "nine"),
        (1, "b"),
        (3, "a"),
        (4, "b"),
        (9, "a"),
        (3, "c"),
        (9, "a"),
    ] {
        writeln!(file, "{number},{name}@example.org").unwrap();
    }
    file
}

fn revocations(world: &World) -> String {
    let badge = world.badge("Gold", EarnType::IssueEarn, None);
    let enrol = settings(JobOperation::Enrol, Some(badge));
    world.start("before", enrol, "customerId\n1\n2\n3\n4\n5\n6\n");
    let enrolled = ids(&world.finish("before"));
    let mut file = "customerId,badgeMetaId,issuedId\n".to_owned();
    for row in 0..9 {
        let issued = if row % 2 == 0 {
            enrolled[row % 6].to_string()
        } else {
            String::new()
        };
        writeln!(file, "{},{badge},{issued}", row % 6 + 1).unwrap();
    }
    file
}

fn revoked_earns(world: &World) -> String {
    let badge = world.badge("Gold", EarnType::Earn, None);
    let earn = settings(JobOperation::Earn, Some(badge));
    world.start("before", earn, "customerId\n1\n2\n3\n4\n5\n6\n");
    let earned = ids(&world.finish("before"));
    let mut file = "customerId,badgeMetaId,earnedBadgeId\n".to_owned();
    for row in 0..9 {
        writeln!(file, "{},{badge},{}", row % 6 + 1, earned[row % 6]).unwrap();
    }
    file
}

const SCENES: [Scene; 6] = [
    (JobOperation::Enrol, enrolments),
    (JobOperation::Earn, earns),
    (JobOperation::Import, imports),
    (JobOperation::Customers, customers),
    (JobOperation::RevokeEnrolments, revocations),
    (JobOperation::RevokeEarns, revoked_earns),
];

/// The world in which the scene is begun.
fn begun((operation, scene): Scene) -> World {
    let world = World::new();
    let file = scene(&world);
    world.start("a", settings(operation, None), &file);
    world
}

/// The events by which what a job records is told.
const TOLD: [&str; 5] = [
    "enrolment.created",
    "enrolment.revoked",
    "earn.created",
    "earn.imported",
    "earn.revoked",
];

fn told(world: &World) -> [usize; 5] {
    TOLD.map(|name| world.events(name))
}

/// Checks that the job has come to what it comes to undisturbed.
fn check(world: &World, scene: Scene) {
    let undisturbed = begun(scene);
    undisturbed.finish("a");
    let outcomes = world.outcomes("a");
    let codes: Vec<_> = outcomes.iter().map(code).collect();
    assert_eq!(codes, undisturbed.codes("a"), "{:?}", scene.0);
    assert_eq!(told(world), told(&undisturbed), "{:?}", scene.0);
    ids(&outcomes);
    assert_eq!(
        world.events("job.finished"),
        undisturbed.events("job.finished")
    );
    let job = accolade_application::jobs::job(&world.ports, &world.caller, &id("a"))
        .unwrap()
        .job;
    assert_eq!(job.state, JobState::Completed);
    assert_eq!(job.rows.total, Some(outcomes.len() as u64));
}

#[test]
fn a_job_that_is_killed_at_any_moment_comes_to_the_same() {
    for scene in SCENES {
        for fuse in 0.. {
            let world = begun(scene);
            world.clock.burn_after(fuse);
            let has_ended = world.finish_or_die("a");
            world.finish("a");
            check(&world, scene);
            if has_ended {
                assert!(fuse > 4, "nothing was killed: {fuse}");
                break;
            }
        }
    }
}

#[test]
fn enrolments_that_are_recorded_at_once_are_each_recorded_once_whenever_their_job_is_killed() {
    // More than what one transaction has.
    let rows = 10_003;
    let mut file = "customerId\n".to_owned();
    for row in 1..=rows {
        writeln!(file, "{row}").unwrap();
    }
    for fuse in 0.. {
        let world = World::new();
        let gold = world.badge("Gold", EarnType::IssueEarn, None);
        let settings = settings(JobOperation::Enrol, Some(gold));
        world.start_in(20_000, 1 << 20, "a", settings, &file);
        world.clock.burn_after(fuse);
        let has_ended = world.finish_or_die("a");
        let outcomes = world.finish("a");
        assert_eq!(
            (outcomes.len(), ids(&outcomes).len()),
            (rows, rows),
            "{fuse}"
        );
        if has_ended {
            assert!(fuse > 3, "nothing was killed: {fuse}");
            break;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_job_that_is_killed_again_and_again_comes_to_the_same(
        scene in 0..SCENES.len(),
        fuses in prop::collection::vec(0u32..7, 1..20),
    ) {
        let scene = SCENES[scene];
        let world = begun(scene);
        for fuse in fuses {
            world.clock.burn_after(fuse);
            world.finish_or_die("a");
        }
        world.finish("a");
        check(&world, scene);
    }
}

#[test]
fn a_job_whose_customers_are_erased_or_merged_at_any_moment_comes_to_its_end() {
    for scene in SCENES {
        for fuse in 0.. {
            let world = begun(scene);
            world.clock.burn_after(fuse);
            let has_ended = world.finish_or_die("a");
            let named = |number| NamedCustomer::Number(customer(number));
            world.run(EraseCustomer { customer: named(2) }).unwrap();
            let merge = MergeCustomers {
                from: named(3),
                to: named(4),
                reason: None,
            };
            world.run(merge).unwrap();
            let name = scene.0.name();
            assert!(world.finish_or_die("a"), "{name}, killed after {fuse}");
            let view = accolade_application::jobs::job(&world.ports, &world.caller, &id("a"));
            let job = view.unwrap().job;
            assert_eq!(job.state, JobState::Completed);
            let outcomes = world.outcomes("a").len() as u64;
            assert_eq!(
                job.rows.total,
                Some(outcomes),
                "{name}, killed after {fuse}"
            );
            if has_ended {
                break;
            }
        }
    }
}

#[test]
fn of_two_who_carry_out_one_job_at_once_every_row_has_one_outcome() {
    for scene in SCENES {
        for _ in 0..8 {
            let world = begun(scene);
            thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        loop {
                            let known = KnownBadges::default();
                            let run =
                                JobRun::open(&world.ports, &known, world.caller.org, &id("a"));
                            let Some(mut run) = run.unwrap() else {
                                return;
                            };
                            match run.step() {
                                Ok(_) | Err(RunError::Superseded) => {}
                                Err(error) => panic!("{error:?}"),
                            }
                        }
                    });
                }
            });
            check(&world, scene);
        }
    }
}

#[test]
fn a_badge_that_is_turned_on_and_off_meanwhile_leaves_each_row_what_is_true_of_it() {
    for round in 0..20_u64 {
        let world = World::new();
        let badge = world.badge("Gold", EarnType::IssueEarn, None);
        let mut file = "customerId\n".to_owned();
        for row in 1..=40 {
            writeln!(file, "{row}").unwrap();
        }
        world.start("a", settings(JobOperation::Enrol, Some(badge)), &file);
        thread::scope(|scope| {
            scope.spawn(|| {
                for turn in 0..20 {
                    world.turn(badge, (turn + round) % 2 == 0);
                }
            });
            for _ in 0..2 {
                scope.spawn(|| world.finish("a"));
            }
        });
        let outcomes = world.outcomes("a");
        assert_eq!(outcomes.len(), 40);
        let enrolled = ids(&outcomes).len();
        assert_eq!(enrolled, world.events("enrolment.created"));
        let refused = outcomes.iter().filter(|it| code(it) == 1901).count();
        assert_eq!(enrolled + refused, 40);
    }
}

#[test]
fn a_job_whose_place_is_none_in_its_file_cannot_be_opened_and_that_is_no_fault_of_the_store() {
    for (offset, reading) in [(11, "nonsense"), (99, "2:customerId")] {
        let world = World::new();
        let badge = world.badge("Gold", EarnType::IssueEarn, None);
        let enrol = settings(JobOperation::Enrol, Some(badge));
        world.start("a", enrol, "customerId\n1\n2\n");
        world.open("a").unwrap();
        let advance = Advance {
            org: world.caller.org,
            job: id("a"),
            chunk: 0,
            outcomes: Vec::new(),
            not_executed: Vec::new(),
            tried: Vec::new(),
            plan: None,
            place: FilePlace {
                part: 1,
                offset,
                reading: reading.to_owned(),
            },
            bytes: 11,
            is_last: false,
            now: world.ports.clock.now(),
        };
        world.ports.stores.jobs.advance_job(&advance).unwrap();
        let known = KnownBadges::default();
        let opened = JobRun::open(&world.ports, &known, world.caller.org, &id("a"));
        assert!(matches!(opened, Err(RunError::Unreadable(_))), "{opened:?}");
    }
}
