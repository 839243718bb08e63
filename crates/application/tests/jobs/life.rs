//! What callers do with jobs.

use accolade_application::access::{AccessGroup, AccessGroups};
use accolade_application::answer::Answer;
use accolade_application::jobs::{
    CancelJob, CreateJob, DeleteJob, PutPart, StartJob, job, jobs, results,
};
use accolade_application::ports::PageOf;
use accolade_domain::badge::EarnType;
use accolade_domain::job::{JobOperation, JobState};

use crate::world::{World, codes, id, limits, settings};

fn create(name: &str, operation: JobOperation) -> CreateJob {
    CreateJob {
        id: Some(id(name)),
        settings: settings(operation, None),
        file: None,
        start: false,
        limits: limits(),
    }
}

fn put(name: &str, part: u32, data: &str) -> PutPart {
    PutPart {
        job: id(name),
        part,
        data: data.as_bytes().to_vec(),
        limits: limits(),
    }
}

fn start(name: &str) -> StartJob {
    StartJob { job: id(name) }
}

fn cancel(name: &str) -> CancelJob {
    CancelJob { job: id(name) }
}

fn delete(name: &str) -> DeleteJob {
    DeleteJob { job: id(name) }
}

#[test]
fn a_job_is_created_sent_its_file_started_once_and_listed() {
    let world = World::new();
    let created = world.job_of(create("a", JobOperation::Enrol));
    assert_eq!(created.job.state, JobState::Open);
    world.run(put("a", 2, "1\n")).unwrap();
    world.run(put("a", 1, "customerId\n")).unwrap();
    assert_eq!(world.job_of(start("a")).job.state, JobState::Queued);
    // Again changes nothing.
    assert_eq!(world.job_of(start("a")).job.state, JobState::Queued);
    let found = job(&world.ports, &world.caller, &id("a")).unwrap();
    assert_eq!(found.job.state, JobState::Queued);
    let page = PageOf { page: 0, size: 9 };
    let listed = jobs(&world.ports, &world.caller, page).unwrap();
    assert_eq!((listed.total, listed.items), (1, vec![found]));
    let trail = world.ports.stores.audit.entries(
        world.caller.org,
        &accolade_application::ports::AuditQuery {
            limit: 9,
            ..Default::default()
        },
    );
    let actions: Vec<_> = trail
        .unwrap()
        .entries
        .iter()
        .map(|it| it.entry.action.name())
        .collect();
    assert_eq!(actions, ["START", "CREATE"]);
}

#[test]
fn a_worker_is_told_of_each_job_that_it_gets_something_to_do_for() {
    let world = World::new();
    let told = || world.ports.started_jobs.count();
    world.job_of(create("a", JobOperation::Enrol));
    world.run(put("a", 1, "customerId\n1\n")).unwrap();
    assert_eq!(told(), 0);
    world.job_of(start("a"));
    assert_eq!(told(), 1);
    // Again changes nothing.
    world.job_of(start("a"));
    assert_eq!(told(), 1);
    let whole = CreateJob {
        file: Some(b"customerId\n2\n".to_vec()),
        start: true,
        ..create("b", JobOperation::Enrol)
    };
    world.job_of(whole);
    assert_eq!(told(), 2);
    // Of which nothing was carried out yet, it has ended.
    world.job_of(cancel("b"));
    assert_eq!(told(), 2);
}

#[test]
fn an_id_is_used_once_and_made_where_there_is_none() {
    let world = World::new();
    world.job_of(create("a", JobOperation::Enrol));
    assert_eq!(codes(&world.run(create("a", JobOperation::Earn))), [809]);
    let mut unnamed = create("a", JobOperation::Earn);
    unnamed.id = None;
    assert_ne!(world.job_of(unnamed).job.id, id("a"));
}

#[test]
fn there_are_no_more_jobs_that_have_not_ended_than_there_may_be() {
    let world = World::new();
    for name in ["a", "b", "c"] {
        world.job_of(create(name, JobOperation::Enrol));
    }
    let one_more = || world.run(create("d", JobOperation::Enrol));
    assert_eq!(codes(&one_more()), [1965]);
    world.job_of(cancel("b"));
    one_more().unwrap();
}

#[test]
fn a_job_is_started_with_a_whole_file_that_has_the_columns_it_needs_only() {
    let world = World::new();
    world.job_of(create("a", JobOperation::Enrol));
    assert_eq!(codes(&world.run(start("a"))), [1963]);
    world.run(put("a", 2, "1\n")).unwrap();
    assert_eq!(codes(&world.run(start("a"))), [1963]);
    world.run(put("a", 1, "name\n")).unwrap();
    assert_eq!(codes(&world.run(start("a"))), [1969]);
    // In one go nothing is left of what is refused.
    let mut whole = create("b", JobOperation::Enrol);
    whole.start = true;
    assert_eq!(codes(&world.run(whole.clone())), [1963]);
    whole.file = Some(b"name\n1\n".to_vec());
    assert_eq!(codes(&world.run(whole.clone())), [1969]);
    whole.file = Some(b"customerId\n1\n".to_vec());
    assert_eq!(world.job_of(whole).job.state, JobState::Queued);
}

#[test]
fn a_part_is_refused_that_cannot_be_or_comes_too_late() {
    let world = World::new();
    assert_eq!(codes(&world.run(put("a", 1, "x"))), [1962]);
    world.job_of(create("a", JobOperation::Enrol));
    assert_eq!(codes(&world.run(put("a", 0, "x"))), [400]);
    assert_eq!(codes(&world.run(put("a", 1, ""))), [400]);
    world.run(put("a", 1, "customerId\n")).unwrap();
    world.run(put("a", 1, "customerId\n")).unwrap();
    assert_eq!(codes(&world.run(put("a", 1, "email\n"))), [1964]);
    assert_eq!(codes(&world.run(put("a", 2, &"1\n".repeat(500)))), [1942]);
    world.job_of(start("a"));
    assert_eq!(codes(&world.run(put("a", 2, "1\n"))), [1963]);
}

#[test]
fn a_job_is_cancelled_and_deleted_when_nobody_works_on_it() {
    let world = World::new();
    assert_eq!(codes(&world.run(cancel("a"))), [1962]);
    let badge = world.badge("Gold", EarnType::IssueEarn, None);
    let file = format!("customerId\n{}", "1\n2\n3\n4\n5\n6\n");
    world.start("a", settings(JobOperation::Enrol, Some(badge)), &file);
    assert_eq!(codes(&world.run(delete("a"))), [1963]);
    let mut run = world.open("a").unwrap();
    assert_eq!(run.step().unwrap().rows, 4);
    assert_eq!(world.job_of(cancel("a")).job.state, JobState::Cancelling);
    assert_eq!(world.job_of(cancel("a")).job.state, JobState::Cancelling);
    assert_eq!(codes(&world.run(delete("a"))), [1963]);
    // Those under way are the last.
    let step = run.step().unwrap();
    assert_eq!((step.rows, step.state), (2, JobState::Completed));
    let deleted = world.run(delete("a")).unwrap();
    assert_eq!(deleted, Answer::JobDeleted(id("a")));
    assert_eq!(codes(&world.run(delete("a"))), [1962]);
    assert_eq!(world.events("enrolment.created"), 6);
    assert_eq!(world.events("job.finished"), 1);
}

#[test]
fn of_a_job_that_was_given_up_with_a_hole_in_its_file_there_are_results_up_to_it() {
    let world = World::new();
    let badge = world.badge("Gold", EarnType::IssueEarn, None);
    for (name, sent, parts) in [("a", [2, 3], 0), ("b", [1, 3], 1)] {
        world.job_of(CreateJob {
            settings: settings(JobOperation::Enrol, Some(badge)),
            ..create(name, JobOperation::Enrol)
        });
        for number in sent {
            world.run(put(name, number, "customerId\n1\n2\n")).unwrap();
        }
        world.job_of(cancel(name));
        let mut results = results(&world.ports, &world.caller, &id(name)).unwrap();
        for _ in 0..parts {
            assert!(results.next_part().unwrap().is_some(), "{name}");
        }
        assert_eq!(results.next_part().unwrap(), None, "{name}");
        assert_eq!(results.next_outcomes().unwrap(), None, "{name}");
    }
}

#[test]
fn whoever_may_not_do_what_a_job_does_has_nothing_to_do_with_it() {
    let world = World::new();
    let reads = AccessGroups::from(AccessGroup::BadgesRead);
    assert_eq!(
        codes(&world.run_as(reads, create("a", JobOperation::Enrol))),
        [1931]
    );
    world.job_of(create("a", JobOperation::Enrol));
    world.job_of(create("b", JobOperation::Customers));
    let issues = AccessGroups::from(AccessGroup::BadgesIssue);
    assert_eq!(codes(&world.run_as(issues, put("b", 1, "x"))), [1931]);
    assert_eq!(codes(&world.run_as(issues, cancel("b"))), [1931]);
    let caller = accolade_application::access::Caller {
        groups: issues,
        ..world.caller.clone()
    };
    assert_eq!(codes(&job(&world.ports, &caller, &id("b"))), [1931]);
    let page = PageOf { page: 0, size: 9 };
    let listed = jobs(&world.ports, &caller, page).unwrap();
    let ids: Vec<_> = listed.items.iter().map(|it| it.job.id.as_str()).collect();
    assert_eq!((listed.total, ids), (1, vec!["a"]));
}

#[test]
fn results_are_there_once_a_job_was_started_and_for_as_long_as_they_are_kept() {
    let world = World::new();
    let badge = world.badge("Gold", EarnType::IssueEarn, None);
    world.job_of(create("a", JobOperation::Enrol));
    let asked = |name: &str| results(&world.ports, &world.caller, &id(name));
    assert_eq!(codes(&asked("a")), [1963]);
    assert_eq!(codes(&asked("c")), [1962]);
    let file = "customerId\n1\n";
    world.start("b", settings(JobOperation::Enrol, Some(badge)), file);
    assert_eq!(world.codes("b"), Vec::<u32>::new());
    world.finish("b");
    assert_eq!(world.codes("b"), [0]);
    let mut found = asked("b").unwrap();
    let mut torn = found.clone();
    assert_eq!(found.next_part().unwrap(), Some(file.as_bytes().to_vec()));
    assert_eq!(found.next_part().unwrap(), None);
    let later = world.ports.clock.now() + time::Duration::SECOND;
    while world.ports.stores.jobs.sweep_jobs(later).unwrap() > 0 {}
    assert_eq!(codes(&asked("b")), [1962]);
    // Who reads them at the moment does not take half a file for a whole one.
    assert!(torn.next_part().is_err() && torn.next_outcomes().is_err());
}

#[test]
fn a_view_tells_how_fast_a_job_is_and_when_it_ends() {
    let world = World::new();
    let badge = world.badge("Gold", EarnType::IssueEarn, None);
    let file = "customerId\n11\n12\n13\n14\n15\n16\n17\n18\n";
    world.start("a", settings(JobOperation::Enrol, Some(badge)), file);
    let mut run = world.open("a").unwrap();
    world.clock.advance(time::Duration::seconds(2));
    run.step().unwrap();
    let seen = job(&world.ports, &world.caller, &id("a")).unwrap();
    assert_eq!(seen.rows_per_second, Some(2));
    // 23 of 35 bytes in two seconds.
    let end = seen.estimated_end.unwrap().since(world.ports.clock.now());
    assert_eq!(end.whole_milliseconds(), 1_043);
    world.clock.advance(time::Duration::seconds(2));
    run.step().unwrap();
    run.step().unwrap();
    let seen = job(&world.ports, &world.caller, &id("a")).unwrap();
    assert_eq!((seen.rows_per_second, seen.estimated_end), (Some(2), None));
    assert_eq!(seen.job.rows.total, Some(8));
}
