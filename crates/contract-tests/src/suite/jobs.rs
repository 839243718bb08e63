//! Jobs: created, sent their files, changed, deleted and looked up.

use accolade_application::ports::{
    AuditQuery, CreateJobError, JobProgress, NewJob, NewPart, PutPartError, SaveJobError, StoredJob,
};
use accolade_domain::audit::{Action, EntityKind, telling};
use accolade_domain::event::{Fact, JobFact};
use accolade_domain::fixtures::owner;
use accolade_domain::job::{Job, JobFormat, JobId, JobOperation, JobSettings, JobState};
use accolade_domain::listing::PageOf;
use accolade_domain::owner::OwnerType;
use time::Duration;
use uuid::Uuid;

use crate::World;
use crate::fixtures::now;
use crate::race::{only_winner, race};
use crate::world::Tenant;

/// More than any test has.
pub(super) const MOST: u32 = 1_000;

pub(super) fn id(text: &str) -> JobId {
    text.try_into().unwrap()
}

/// A job of `tenant` that is not created yet.
pub(super) fn draft_of(tenant: Tenant, name: &str) -> NewJob {
    let settings = JobSettings {
        operation: JobOperation::Enrol,
        format: JobFormat::Csv,
        badge: Some("66276dc68fe258516a88ff8e".parse().unwrap()),
        triggered_by: Some(owner(OwnerType::Loyalty, "1")),
        event_on: Some(now()),
        dry_run: false,
    };
    NewJob {
        job: Job::new((tenant.org, id(name)), settings, now(), tenant.actor),
        secret: Uuid::from_u128(u128::from(name.len() as u64) << 64 | 7),
        chunk_rows: 250,
    }
}

/// A part with a digest that is another one for other bytes.
pub(super) fn part(number: u32, data: &[u8]) -> NewPart<'_> {
    let mut digest = [0_u8; 32];
    for (place, byte) in data.iter().enumerate() {
        digest[place % 32] = byte.wrapping_mul(31) ^ digest[place % 32].rotate_left(3);
    }
    NewPart {
        number,
        digest,
        data,
    }
}

fn create(world: &World, new: &NewJob) {
    let store = &world.stores.jobs;
    store.create_job(new, &[], MOST, None, &[]).unwrap();
}

/// A job of the world's org, created.
pub(super) fn job(world: &World, name: &str) -> StoredJob {
    create(world, &draft_of(world.tenant, name));
    found(world, name)
}

/// The job as it is now.
pub(super) fn found(world: &World, name: &str) -> StoredJob {
    let found = world.stores.jobs.job(world.tenant.org, &id(name));
    found.unwrap().unwrap()
}

/// Saves the job in another state.
pub(super) fn put_in_state(world: &World, name: &str, state: JobState) {
    let before = found(world, name);
    let after = Job {
        state,
        ..before.job.clone()
    };
    let store = &world.stores.jobs;
    store.save_job(&before, &after, None, &[]).unwrap();
}

fn put(world: &World, name: &str, part: NewPart<'_>) -> Result<(), PutPartError> {
    let store = &world.stores.jobs;
    store.put_part(world.tenant.org, &id(name), part, 1_000, None)
}

fn a_transaction_of_a_job_records_more_than_five_thousand_enrolments(world: &World) {
    assert!(world.stores.jobs.enrolments_of_a_transaction() > 5_000);
}

fn a_job_is_found_as_it_was_created(world: &World) {
    let new = draft_of(world.tenant, "spring");
    let store = &world.stores.jobs;
    let parts = [part(1, b"customerId\n1\n"), part(2, b"2\n")];
    store.create_job(&new, &parts, MOST, None, &[]).unwrap();
    let stored = found(world, "spring");
    assert_eq!(stored.job, new.job);
    assert_eq!((stored.secret, stored.bytes), (new.secret, 15));
    assert_eq!(stored.chunk_rows, 250);
    assert_eq!(stored.progress, JobProgress::default());
    let infos = store.parts(new.job.org, &new.job.id).unwrap();
    let infos: Vec<_> = infos.iter().map(|it| (it.number, it.bytes)).collect();
    assert_eq!(infos, [(1, 13), (2, 2)]);
    let second = store.part(new.job.org, &new.job.id, 2).unwrap();
    assert_eq!(second.as_deref(), Some(b"2\n".as_slice()));
    assert_eq!(store.part(new.job.org, &new.job.id, 3).unwrap(), None);
}

fn of_two_who_create_one_job_one_wins(world: &World) {
    let servers = world.servers();
    let results = race(4, |i| {
        let new = draft_of(world.tenant, "spring");
        servers[i % 2].jobs.create_job(&new, &[], MOST, None, &[])
    });
    only_winner(&results, |error| matches!(error, CreateJobError::IdUsed));
    // Another org may use the id.
    create(world, &draft_of(world.tenant(7), "spring"));
}

fn an_org_has_no_more_jobs_that_have_not_ended_than_it_may_whoever_is_fast(world: &World) {
    let servers = world.servers();
    job(world, "ended");
    put_in_state(world, "ended", JobState::Completed);
    job(world, "running");
    put_in_state(world, "running", JobState::Running);
    create(world, &draft_of(world.tenant(7), "other"));
    let refused = race(6, |i| {
        let new = draft_of(world.tenant, &format!("j{i}"));
        match servers[i % 2].jobs.create_job(&new, &[], 3, None, &[]) {
            Ok(()) => false,
            Err(CreateJobError::TooMany) => true,
            Err(error) => panic!("{error:?}"),
        }
    });
    assert_eq!(refused.iter().filter(|refused| **refused).count(), 4);
}

fn parts_come_in_any_order_and_the_same_again_changes_nothing(world: &World) {
    job(world, "spring");
    put(world, "spring", part(2, b"second")).unwrap();
    put(world, "spring", part(1, b"first")).unwrap();
    put(world, "spring", part(2, b"second")).unwrap();
    let stored = found(world, "spring");
    assert_eq!(stored.bytes, 11);
    let infos = world.stores.jobs.parts(stored.job.org, &stored.job.id);
    let numbers: Vec<_> = infos.unwrap().iter().map(|it| it.number).collect();
    assert_eq!(numbers, [1, 2]);
    put_in_state(world, "spring", JobState::Queued);
    put(world, "spring", part(1, b"first")).unwrap();
}

fn a_part_is_refused_under_a_used_number_or_when_the_file_is_complete_or_too_long(world: &World) {
    job(world, "spring");
    put(world, "spring", part(1, b"first")).unwrap();
    let taken = put(world, "spring", part(1, b"other"));
    assert!(matches!(taken, Err(PutPartError::Taken)), "{taken:?}");
    let long = put(world, "spring", part(2, &[b'x'; 996]));
    assert!(matches!(long, Err(PutPartError::TooLong)), "{long:?}");
    put(world, "spring", part(2, &[b'x'; 995])).unwrap();
    let none = put(world, "summer", part(1, b"x"));
    assert!(matches!(none, Err(PutPartError::NoJob)), "{none:?}");
    put_in_state(world, "spring", JobState::Queued);
    for data in [b"other", b"third"] {
        let number = if data == b"other" { 1 } else { 3 };
        match put(world, "spring", part(number, data)) {
            Err(PutPartError::NotOpen(job)) => assert_eq!(job.state, JobState::Queued),
            other => panic!("{other:?}"),
        }
    }
}

fn of_two_who_send_one_part_with_other_bytes_one_wins(world: &World) {
    let servers = world.servers();
    job(world, "spring");
    let texts: [&[u8]; 2] = [b"one", b"other"];
    let results = race(4, |i| {
        let part = part(1, texts[i % 2]);
        let job = id("spring");
        servers[i / 2]
            .jobs
            .put_part(world.tenant.org, &job, part, 99, None)
    });
    let is_taken = |it: &Result<(), PutPartError>| matches!(it, Err(PutPartError::Taken));
    assert_eq!(results.iter().filter(|it| is_taken(it)).count(), 2);
    assert_eq!(results.iter().filter(|it| it.is_ok()).count(), 2);
    let bytes = found(world, "spring").bytes;
    assert!(bytes == 3 || bytes == 5, "{bytes}");
}

fn a_job_that_has_changed_is_not_saved_and_of_two_one_wins(world: &World) {
    let servers = world.servers();
    let before = job(world, "spring");
    let results = race(4, |i| {
        let state = JobState::ALL[1 + i % 2];
        let after = Job {
            state,
            ..before.job.clone()
        };
        servers[i % 2].jobs.save_job(&before, &after, None, &[])
    });
    only_winner(&results, |error| matches!(error, SaveJobError::Changed));
    let deleted = world.stores.jobs.delete_job(&before, None, &[]);
    assert!(matches!(deleted, Err(SaveJobError::Changed)), "{deleted:?}");
}

fn a_deleted_job_is_gone_with_its_file(world: &World) {
    job(world, "spring");
    put(world, "spring", part(1, b"first")).unwrap();
    let stored = found(world, "spring");
    let store = &world.stores.jobs;
    store.delete_job(&stored, None, &[]).unwrap();
    assert_eq!(store.job(stored.job.org, &stored.job.id).unwrap(), None);
    assert_eq!(store.part(stored.job.org, &stored.job.id, 1).unwrap(), None);
    let again = store.delete_job(&stored, None, &[]);
    assert!(matches!(again, Err(SaveJobError::Changed)), "{again:?}");
    assert_eq!(job(world, "spring").bytes, 0);
}

fn a_key_is_used_by_what_is_done_and_refuses_what_follows(world: &World) {
    let store = &world.stores.jobs;
    let new = draft_of(world.tenant, "spring");
    let (first, second) = (world.record("1"), world.record("2"));
    store
        .create_job(&new, &[], MOST, Some(&first), &[])
        .unwrap();
    assert!(world.remembered("1").is_some());
    let again = store.create_job(&new, &[], MOST, Some(&first), &[]);
    assert!(matches!(again, Err(CreateJobError::IdempotencyKeyUsed)));
    // What is refused uses up no key.
    let refused = store.create_job(&new, &[], MOST, Some(&second), &[]);
    assert!(matches!(refused, Err(CreateJobError::IdUsed)));
    assert!(world.remembered("2").is_none());
    let part = part(1, b"x");
    let put = store.put_part(new.job.org, &new.job.id, part, 9, Some(&first));
    assert!(matches!(put, Err(PutPartError::IdempotencyKeyUsed)));
    let put = store.put_part(new.job.org, &new.job.id, part, 9, Some(&second));
    put.unwrap();
    assert!(world.remembered("2").is_some());
    let stored = found(world, "spring");
    let saved = store.save_job(&stored, &stored.job, Some(&second), &[]);
    assert!(matches!(saved, Err(SaveJobError::IdempotencyKeyUsed)));
    let deleted = store.delete_job(&stored, Some(&second), &[]);
    assert!(matches!(deleted, Err(SaveJobError::IdempotencyKeyUsed)));
    assert_eq!(found(world, "spring").version, stored.version);
}

fn jobs_are_listed_the_newest_first_those_of_some_operations_only(world: &World) {
    for (name, seconds, operation) in [
        ("b", 2, JobOperation::Enrol),
        ("a", 2, JobOperation::Earn),
        ("c", 1, JobOperation::Enrol),
        ("d", 3, JobOperation::Customers),
    ] {
        let mut new = draft_of(world.tenant, name);
        new.job.created_on = now() + Duration::seconds(seconds);
        new.job.settings.operation = operation;
        create(world, &new);
    }
    create(world, &draft_of(world.tenant(7), "e"));
    let listed = |operations: &[JobOperation], page, size| {
        let page = PageOf { page, size };
        let found = world.stores.jobs.jobs(world.tenant.org, operations, page);
        let found = found.unwrap();
        let ids = found.items.iter().map(|it| it.job.id.to_string());
        (ids.collect::<Vec<_>>(), found.total)
    };
    let text = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        listed(JobOperation::ALL, 0, 9),
        (text(&["d", "a", "b", "c"]), 4)
    );
    assert_eq!(listed(JobOperation::ALL, 1, 3), (text(&["c"]), 4));
    let both = [JobOperation::Enrol, JobOperation::Earn];
    assert_eq!(listed(&both, 0, 2), (text(&["a", "b"]), 3));
    assert_eq!(listed(&[], 0, 2), (Vec::new(), 0));
}

fn a_job_of_another_org_is_as_good_as_none(world: &World) {
    job(world, "spring");
    let (other, store) = (world.tenant(7), &world.stores.jobs);
    let spring = id("spring");
    assert_eq!(store.job(other.org, &spring).unwrap(), None);
    assert_eq!(store.parts(other.org, &spring).unwrap(), []);
    let put = store.put_part(other.org, &spring, part(1, b"x"), 9, None);
    assert!(matches!(put, Err(PutPartError::NoJob)));
    assert_eq!(store.open_job(other.org, &spring, now()).unwrap(), None);
    assert!(!store.fail_job(other.org, &spring, 0, "x", now()).unwrap());
}

fn the_trail_and_the_feed_tell_what_is_done(world: &World) {
    let store = &world.stores.jobs;
    let new = draft_of(world.tenant, "spring");
    let by = world.tenant.by(Some("r1"));
    let created = [telling::job_created(&new.job, &by)];
    store.create_job(&new, &[], MOST, None, &created).unwrap();
    let stored = found(world, "spring");
    let started = stored.job.started().unwrap().unwrap();
    let entry = [telling::job_started(&stored.job, &started, &by)];
    store.save_job(&stored, &started, None, &entry).unwrap();
    assert_eq!(world.events(), []);
    let stored = found(world, "spring");
    let cancelled = stored.job.cancelled(now()).unwrap();
    let entry = [telling::job_cancelled(&stored.job, &cancelled, &by)];
    store.save_job(&stored, &cancelled, None, &entry).unwrap();
    let told = Fact::JobFinished(JobFact {
        job: id("spring"),
        operation: JobOperation::Enrol,
        state: JobState::Cancelled,
        rows: cancelled.rows,
    });
    assert_eq!(world.facts_since(0), [told]);
    let stored = found(world, "spring");
    let entry = [telling::job_deleted(&stored.job, &by)];
    store.delete_job(&stored, None, &entry).unwrap();
    let query = AuditQuery {
        kinds: vec![EntityKind::Job],
        limit: 10,
        ..Default::default()
    };
    let trail = world
        .stores
        .audit
        .entries(world.tenant.org, &query)
        .unwrap();
    let actions: Vec<_> = trail.entries.iter().map(|it| it.entry.action).collect();
    let expected = [
        Action::Delete,
        Action::Cancel,
        Action::Start,
        Action::Create,
    ];
    assert_eq!(actions, expected);
    assert_eq!(trail.entries[3].entry, created[0]);
    assert_eq!(world.events().len(), 1);
}

sentences! {
    a_transaction_of_a_job_records_more_than_five_thousand_enrolments
    a_job_is_found_as_it_was_created
    of_two_who_create_one_job_one_wins
    an_org_has_no_more_jobs_that_have_not_ended_than_it_may_whoever_is_fast
    parts_come_in_any_order_and_the_same_again_changes_nothing
    a_part_is_refused_under_a_used_number_or_when_the_file_is_complete_or_too_long
    of_two_who_send_one_part_with_other_bytes_one_wins
    a_job_that_has_changed_is_not_saved_and_of_two_one_wins
    a_deleted_job_is_gone_with_its_file
    a_key_is_used_by_what_is_done_and_refuses_what_follows
    jobs_are_listed_the_newest_first_those_of_some_operations_only
    a_job_of_another_org_is_as_good_as_none
    the_trail_and_the_feed_tell_what_is_done
}
