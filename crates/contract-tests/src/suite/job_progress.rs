//! Jobs carried out: opened, planned, advanced, and what is kept of their rows.

use accolade_application::answer::Answer;
use accolade_application::ports::{
    Advance, AdvanceError, ChunkPlan, FilePlace, NotExecuted, Operation, PlannedRow, RecordError,
};
use accolade_domain::event::{Fact, JobFact};
use accolade_domain::ids::ObjectId;
use accolade_domain::job::{JobOperation, JobState, RowOutcome, Rows};
use accolade_domain::rejection::{Code, Rejection};
use time::Duration;

use super::jobs::{draft_of, found, id, job, part, put_in_state};
use crate::World;
use crate::fixtures::{customer, now};
use crate::race::race;
use crate::world::enrol_on;

fn refusal() -> Rejection {
    Rejection::new(Code::BadgeDeactivated).at_field("badgeMetaId")
}

fn outcomes() -> Vec<RowOutcome> {
    let id = |last: u8| ObjectId::from_bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, last]);
    vec![
        RowOutcome::Succeeded(Some(id(1))),
        RowOutcome::Succeeded(Some(id(2))),
        RowOutcome::Refused(Some(id(9)), refusal().into()),
        RowOutcome::Refused(None, refusal().into()),
        RowOutcome::Invalid(Rejection::unreadable("what is this?").into()),
        RowOutcome::Succeeded(None),
    ]
}

fn place(part: u32, offset: u32) -> FilePlace {
    FilePlace {
        part,
        offset,
        reading: r#"{"line":3}"#.to_owned(),
    }
}

/// A chunk of the job called "spring" that was carried out.
fn advance(world: &World, chunk: u64, outcomes: Vec<RowOutcome>) -> Advance {
    Advance {
        org: world.tenant.org,
        job: id("spring"),
        chunk,
        outcomes,
        not_executed: Vec::new(),
        tried: Vec::new(),
        plan: None,
        place: place(1, 7),
        bytes: 7,
        is_last: false,
        now: now() + Duration::SECOND,
    }
}

/// A job called "spring" that has begun.
fn running(world: &World) {
    job(world, "spring");
    put_in_state(world, "spring", JobState::Queued);
    let opened = world
        .stores
        .jobs
        .open_job(world.tenant.org, &id("spring"), now());
    assert!(opened.unwrap().is_some());
}

fn only_jobs_that_a_worker_has_something_to_do_for_are_runnable_and_opened(world: &World) {
    let store = &world.stores.jobs;
    for (place, state) in JobState::ALL.iter().enumerate() {
        let mut new = draft_of(world.tenant, state.name());
        new.job.created_on = now() - Duration::seconds(i64::try_from(place).unwrap());
        store.create_job(&new, &[], 99, None, &[]).unwrap();
        put_in_state(world, state.name(), *state);
    }
    let other = draft_of(world.tenant(7), "other");
    store.create_job(&other, &[], 99, None, &[]).unwrap();
    let runnable = store.runnable_jobs().unwrap();
    let names: Vec<_> = runnable.iter().map(|it| it.job.as_str()).collect();
    // By creation.
    assert_eq!(names, ["CANCELLING", "RUNNING", "QUEUED"]);
    assert!(runnable.iter().all(|it| it.org == world.tenant.org));
    assert_eq!(runnable[2].secret, found(world, "QUEUED").secret);
    for state in JobState::ALL {
        let opened = store.open_job(world.tenant.org, &id(state.name()), now());
        let opened = opened.unwrap();
        assert_eq!(
            opened.is_some(),
            JobState::RUNNABLE.contains(state),
            "{state:?}"
        );
    }
    let begun = found(world, "QUEUED").job;
    assert_eq!(
        (begun.state, begun.started_on),
        (JobState::Running, Some(now()))
    );
    let cancelling = found(world, "CANCELLING").job;
    assert_eq!(cancelling.state, JobState::Cancelling);
    let later = now() + Duration::HOUR;
    let again = store.open_job(world.tenant.org, &id("QUEUED"), later);
    assert_eq!(again.unwrap().unwrap().stored.job.started_on, Some(now()));
}

fn a_job_advances_with_what_became_of_its_rows(world: &World) {
    running(world);
    let store = &world.stores.jobs;
    let after = store.advance_job(&advance(world, 0, outcomes())).unwrap();
    assert_eq!(after, found(world, "spring"));
    assert_eq!(after.progress.chunk, 1);
    assert_eq!(after.progress.place, place(1, 7));
    assert_eq!(after.progress.bytes, 7);
    assert_eq!(after.progress.advanced_on, Some(now() + Duration::SECOND));
    let rows = Rows {
        total: None,
        succeeded: 3,
        refused: 2,
        invalid: 1,
    };
    assert_eq!((after.job.state, after.job.rows), (JobState::Running, rows));
    let kept = |chunk| {
        let kept = store.chunk_outcomes(world.tenant.org, &id("spring"), chunk);
        kept.unwrap()
    };
    assert_eq!(kept(0), Some(outcomes()));
    assert_eq!(kept(1), None);
    assert_eq!(world.events(), []);
    let last = Advance {
        is_last: true,
        ..advance(world, 1, Vec::new())
    };
    let ended = store.advance_job(&last).unwrap().job;
    assert_eq!(ended.state, JobState::Completed);
    assert_eq!(ended.finished_on, Some(now() + Duration::SECOND));
    assert_eq!(ended.rows.total, Some(6));
    assert_eq!(kept(1), Some(Vec::new()));
    let told = Fact::JobFinished(JobFact {
        job: id("spring"),
        operation: JobOperation::Enrol,
        state: JobState::Completed,
        rows: ended.rows,
    });
    assert_eq!(world.facts_since(0), [told]);
    let again = store.advance_job(&advance(world, 2, Vec::new()));
    assert!(matches!(again, Err(AdvanceError::Superseded)), "{again:?}");
}

fn of_several_who_carry_out_one_chunk_one_advances(world: &World) {
    running(world);
    let servers = world.servers();
    let results = race(6, |i| {
        let jobs = &servers[i % 2].jobs;
        let outcome = RowOutcome::Refused(None, refusal().with_message(format!("by {i}")).into());
        let advanced = jobs.advance_job(&advance(world, 0, vec![outcome.clone()]));
        match advanced {
            Ok(_) => Some(outcome),
            Err(AdvanceError::Superseded) => None,
            Err(error) => panic!("{error:?}"),
        }
    });
    let winners: Vec<_> = results.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    let kept = world
        .stores
        .jobs
        .chunk_outcomes(world.tenant.org, &id("spring"), 0);
    assert_eq!(kept.unwrap(), Some(winners));
    assert_eq!(found(world, "spring").job.rows.refused, 1);
}

fn a_job_that_is_cancelled_meanwhile_ends_behind_the_chunk(world: &World) {
    running(world);
    put_in_state(world, "spring", JobState::Cancelling);
    let store = &world.stores.jobs;
    let ended = store
        .advance_job(&advance(world, 0, outcomes()))
        .unwrap()
        .job;
    assert_eq!((ended.state, ended.rows.total), (JobState::Cancelled, None));
    assert_eq!(ended.rows.processed(), 6);
    assert_eq!(world.events().len(), 1);
    let late = store.advance_job(&advance(world, 1, outcomes()));
    assert!(matches!(late, Err(AdvanceError::Superseded)), "{late:?}");
}

fn the_plan_with_the_highest_number_counts_until_the_job_advances(world: &World) {
    running(world);
    let store = &world.stores.jobs;
    let plan = |number, of| ChunkPlan {
        number,
        rows: vec![
            PlannedRow::AsRead,
            PlannedRow::Customer(customer(of)),
            PlannedRow::Refused(refusal()),
        ],
    };
    let keep = |chunk, plan: &ChunkPlan| {
        let kept = store.plan_chunk(world.tenant.org, &id("spring"), chunk, plan);
        kept.unwrap()
    };
    assert_eq!(keep(0, &plan(1, 5)), Some(plan(1, 5)));
    assert_eq!(keep(0, &plan(1, 6)), Some(plan(1, 5)));
    assert_eq!(keep(0, &plan(2, 7)), Some(plan(2, 7)));
    assert_eq!(keep(0, &plan(1, 8)), Some(plan(2, 7)));
    assert_eq!(keep(1, &plan(3, 9)), None);
    let opened = || {
        let opened = store.open_job(world.tenant.org, &id("spring"), now());
        opened.unwrap().unwrap()
    };
    assert_eq!(opened().plan, Some(plan(2, 7)));
    store.advance_job(&advance(world, 0, outcomes())).unwrap();
    assert_eq!(opened().plan, None);
    assert_eq!(keep(0, &plan(3, 9)), None);
    assert_eq!(keep(1, &plan(1, 9)), Some(plan(1, 9)));
    let with_plan = |chunk, plan| Advance {
        plan: Some(plan),
        ..advance(world, chunk, outcomes())
    };
    store.advance_job(&with_plan(1, plan(1, 5))).unwrap();
    assert_eq!(opened().plan, Some(plan(1, 5)));
    assert_eq!(keep(2, &plan(1, 6)), Some(plan(1, 5)));
}

fn of_several_who_plan_one_chunk_all_go_by_one_plan(world: &World) {
    running(world);
    let servers = world.servers();
    let plans = race(6, |i| {
        let plan = ChunkPlan {
            number: 1,
            rows: vec![PlannedRow::Customer(customer(
                1 + i64::try_from(i).unwrap(),
            ))],
        };
        let jobs = &servers[i % 2].jobs;
        let kept = jobs.plan_chunk(world.tenant.org, &id("spring"), 0, &plan);
        kept.unwrap().unwrap()
    });
    assert!(plans.iter().all(|plan| *plan == plans[0]), "{plans:?}");
}

fn nobody_executes_what_is_kept_as_refused(world: &World) {
    running(world);
    let badge = world.badge("Gold");
    let request = world.request(&badge, [1]);
    let store = &world.stores.jobs;
    let mut chunk = advance(world, 0, outcomes());
    chunk.not_executed.push(NotExecuted {
        operation: Operation::IssueBulk,
        request_id: request.request_id.clone(),
        rejections: vec![refusal()],
    });
    store.advance_job(&chunk).unwrap();
    assert_eq!(world.enrol(&request), Err(RecordError::RequestIdUsed));
    assert_eq!(world.issued(&badge), 0);
    let entries = world.stores.requests.find(badge.org, &request.request_id);
    let answers: Vec<_> = entries.unwrap().into_iter().map(|it| it.answer).collect();
    assert_eq!(answers, [Answer::NotExecuted(vec![refusal()])]);
}

fn what_was_executed_meanwhile_is_not_kept_as_refused_whoever_is_first(world: &World) {
    running(world);
    let badge = world.badge("Gold");
    let servers = world.servers();
    for chunk in 0..5 {
        let request = world.request(&badge, [1 + i64::try_from(chunk).unwrap()]);
        let other = world.request(&badge, [99]);
        let mut chunk = advance(world, chunk, outcomes());
        for request in [&request, &other] {
            chunk.not_executed.push(NotExecuted {
                operation: Operation::IssueBulk,
                request_id: request.request_id.clone(),
                rejections: vec![refusal()],
            });
        }
        let results = race(2, |i| {
            if i == 0 {
                match servers[0].jobs.advance_job(&chunk) {
                    Ok(_) => true,
                    Err(AdvanceError::Executed) => false,
                    Err(error) => panic!("{error:?}"),
                }
            } else {
                match enrol_on(&servers[1], &request) {
                    Ok(_) => true,
                    Err(RecordError::RequestIdUsed) => false,
                    Err(error) => panic!("{error:?}"),
                }
            }
        });
        assert_ne!(results[0], results[1], "one of both happened");
        if !results[0] {
            // Nothing of it was written: neither the outcomes nor the other id.
            let kept = servers[0]
                .jobs
                .chunk_outcomes(badge.org, &id("spring"), chunk.chunk);
            assert_eq!(kept.unwrap(), None);
            let used =
                servers[0]
                    .requests
                    .is_used(badge.org, Operation::IssueBulk, &other.request_id);
            assert!(!used.unwrap());
            chunk.not_executed.clear();
            servers[0].jobs.advance_job(&chunk).unwrap();
        }
    }
}

fn what_was_tried_is_remembered_with_the_chunk_until_the_job_has_ended(world: &World) {
    running(world);
    let store = &world.stores.jobs;
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let mut chunk = advance(world, 0, outcomes());
    chunk.tried = vec![pair("a", "1"), pair("b", r#"{"x":"y, 'z'"}"#)];
    store.advance_job(&chunk).unwrap();
    let remembered = || {
        let keys = ["b", "c", "a"].map(str::to_owned);
        let found = store.tried(world.tenant.org, &id("spring"), &keys);
        found.unwrap()
    };
    let [_, (_, of_b)] = &chunk.tried[..] else {
        unreachable!()
    };
    assert_eq!(
        remembered(),
        [Some(of_b.clone()), None, Some("1".to_owned())]
    );
    assert_eq!(
        store.tried(world.tenant.org, &id("spring"), &[]).unwrap(),
        []
    );
    let mut next = advance(world, 1, Vec::new());
    next.tried = vec![pair("a", "2"), pair("c", "3")];
    // Whoever comes too late changes nothing.
    let late = Advance {
        chunk: 0,
        ..next.clone()
    };
    store.advance_job(&late).unwrap_err();
    store.sweep_jobs(now()).unwrap();
    assert_eq!(
        remembered(),
        [Some(of_b.clone()), None, Some("1".to_owned())]
    );
    next.is_last = true;
    store.advance_job(&next).unwrap();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(remembered(), [Some(of_b.clone()), some("3"), some("2")]);
    assert_eq!(store.sweep_jobs(now()).unwrap(), 3);
    assert_eq!(remembered(), [None, None, None]);
}

fn a_job_fails_at_the_chunk_that_it_is_at(world: &World) {
    running(world);
    let store = &world.stores.jobs;
    let fail = |chunk| {
        let failed = store.fail_job(world.tenant.org, &id("spring"), chunk, "no file", now());
        failed.unwrap()
    };
    assert!(!fail(1));
    assert!(fail(0));
    assert!(!fail(0));
    let job = found(world, "spring").job;
    assert_eq!(job.state, JobState::Failed);
    assert_eq!(job.failure.as_deref(), Some("no file"));
    assert_eq!(job.finished_on, Some(now()));
    assert_eq!(world.events().len(), 1);
}

fn what_is_kept_of_jobs_that_ended_is_forgotten_in_time_and_the_jobs_are_not(world: &World) {
    let store = &world.stores.jobs;
    running(world);
    let last = Advance {
        is_last: true,
        ..advance(world, 0, outcomes())
    };
    job(world, "open");
    let org = world.tenant.org;
    store
        .put_part(org, &id("open"), part(1, b"x"), 9, None)
        .unwrap();
    store.advance_job(&last).unwrap();
    let sweep = |kept_since| {
        let mut swept = 0;
        loop {
            let some = store.sweep_jobs(kept_since).unwrap();
            if some == 0 {
                return swept;
            }
            swept += some;
        }
    };
    // It ended a second after now, and the other was created now.
    assert_eq!(sweep(now()), 0);
    assert!(
        store
            .chunk_outcomes(org, &id("spring"), 0)
            .unwrap()
            .is_some()
    );
    assert!(sweep(now() + Duration::seconds(2)) > 0);
    assert_eq!(store.chunk_outcomes(org, &id("spring"), 0).unwrap(), None);
    assert_eq!(found(world, "spring").job.rows.total, Some(6));
    assert_eq!(store.job(org, &id("open")).unwrap(), None);
    assert_eq!(store.part(org, &id("open"), 1).unwrap(), None);
}

fn whoever_has_the_file_of_a_job_has_all_that_became_of_its_rows(world: &World) {
    let store = &world.stores.jobs;
    let org = world.tenant.org;
    // A large file before the one of "spring", which takes several sweeps.
    job(world, "large");
    for number in 1..=45 {
        let sent = part(number, b"x");
        store.put_part(org, &id("large"), sent, 99, None).unwrap();
    }
    put_in_state(world, "large", JobState::Queued);
    store.open_job(org, &id("large"), now()).unwrap().unwrap();
    let ended = |name: &str| {
        let last = Advance {
            job: id(name),
            is_last: true,
            ..advance(world, 0, outcomes())
        };
        store.advance_job(&last).unwrap();
    };
    ended("large");
    job(world, "spring");
    let sent = part(1, b"customerId\n");
    store.put_part(org, &id("spring"), sent, 99, None).unwrap();
    put_in_state(world, "spring", JobState::Queued);
    store.open_job(org, &id("spring"), now()).unwrap().unwrap();
    ended("spring");
    while store.sweep_jobs(now() + Duration::seconds(2)).unwrap() > 0 {
        for (name, parts) in [("large", 45), ("spring", 1)] {
            if store.parts(org, &id(name)).unwrap().len() == parts {
                let kept = store.chunk_outcomes(org, &id(name), 0).unwrap();
                assert_eq!(kept, Some(outcomes()), "{name}");
            }
        }
    }
    assert_eq!(store.parts(org, &id("spring")).unwrap(), []);
    let kept = store.chunk_outcomes(org, &id("spring"), 0);
    assert_eq!(kept.unwrap(), None);
}

fn a_deleted_job_takes_what_became_of_its_rows_along(world: &World) {
    running(world);
    let store = &world.stores.jobs;
    let last = Advance {
        is_last: true,
        ..advance(world, 0, outcomes())
    };
    store.advance_job(&last).unwrap();
    store
        .delete_job(&found(world, "spring"), None, &[])
        .unwrap();
    running(world);
    let kept = store.chunk_outcomes(world.tenant.org, &id("spring"), 0);
    assert_eq!(kept.unwrap(), None);
}

sentences! {
    only_jobs_that_a_worker_has_something_to_do_for_are_runnable_and_opened
    a_job_advances_with_what_became_of_its_rows
    of_several_who_carry_out_one_chunk_one_advances
    a_job_that_is_cancelled_meanwhile_ends_behind_the_chunk
    the_plan_with_the_highest_number_counts_until_the_job_advances
    of_several_who_plan_one_chunk_all_go_by_one_plan
    nobody_executes_what_is_kept_as_refused
    what_was_executed_meanwhile_is_not_kept_as_refused_whoever_is_first
    what_was_tried_is_remembered_with_the_chunk_until_the_job_has_ended
    a_job_fails_at_the_chunk_that_it_is_at
    what_is_kept_of_jobs_that_ended_is_forgotten_in_time_and_the_jobs_are_not
    whoever_has_the_file_of_a_job_has_all_that_became_of_its_rows
    a_deleted_job_takes_what_became_of_its_rows_along
}
