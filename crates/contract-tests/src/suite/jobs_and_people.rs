//! Customers who are merged and forgotten while a job names them: whoever carries out a chunk is killed
//! at every moment, something happens to a customer, and the chunk is carried out again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use accolade_application::badges::KnownBadges;
use accolade_application::jobs::run::JobRun;
use accolade_application::ports::{Clock, Ports};
use accolade_domain::badge::Badge;
use accolade_domain::enrolment::Outcome;
use accolade_domain::event::Fact;
use accolade_domain::ids::{EnrolmentId, ObjectId};
use accolade_domain::instant::Instant;
use accolade_domain::job::{JobOperation, JobState, RowOutcome};
use accolade_memory::{MemoryStore, memory_ports};

use super::jobs::{MOST, draft_of, id, part};
use crate::World;
use crate::fixtures::{hold, now};

/// At more moments than there are nobody can be killed.
const MOMENTS: u32 = 8;

/// A clock that whoever asks for the time once too often does not survive.
struct Fuse(AtomicU32);

impl Clock for Fuse {
    fn now(&self) -> Instant {
        let left = self.0.load(Ordering::Relaxed);
        assert!(left > 0, "killed, as the test says");
        self.0.store(left - 1, Ordering::Relaxed);
        now()
    }
}

/// Whoever carries out the jobs of a world.
struct Carrier<'w> {
    world: &'w World,
    ports: Ports,
    fuse: Arc<Fuse>,
}

impl<'w> Carrier<'w> {
    fn new(world: &'w World) -> Self {
        let fuse = Arc::new(Fuse(AtomicU32::new(u32::MAX)));
        let ports = memory_ports(Arc::new(MemoryStore::default()), fuse.clone());
        Self {
            world,
            ports: Ports {
                stores: world.stores.clone().into(),
                ..ports
            },
            fuse,
        }
    }

    /// Starts a job with this file, and is killed when it asks for the time after so many times.
    fn killed_after(
        &self,
        times: u32,
        (name, operation): (&str, JobOperation),
        badge: &Badge,
        file: &str,
    ) {
        let mut new = draft_of(self.world.tenant, name);
        new.job.state = JobState::Queued;
        new.job.settings.operation = operation;
        new.job.settings.badge = Some(badge.id);
        new.job.settings.triggered_by = None;
        new.job.settings.event_on = None;
        let jobs = &self.world.stores.jobs;
        let parts = [part(1, file.as_bytes())];
        jobs.create_job(&new, &parts, MOST, None, &[]).unwrap();
        self.fuse.0.store(times, Ordering::Relaxed);
        let _ = catch_unwind(AssertUnwindSafe(|| self.carry_out(name)));
        self.fuse.0.store(u32::MAX, Ordering::Relaxed);
    }

    /// Carries out what is left of a job; what became of its rows.
    fn carry_out(&self, name: &str) -> Vec<RowOutcome> {
        let (org, known) = (self.world.tenant.org, KnownBadges::default());
        while let Some(mut run) = JobRun::open(&self.ports, &known, org, &id(name)).unwrap() {
            run.step().unwrap();
        }
        let jobs = &self.world.stores.jobs;
        jobs.chunk_outcomes(org, &id(name), 0).unwrap().unwrap()
    }
}

/// The ids of the rows that succeeded, each of which has its own.
fn ids(outcomes: &[RowOutcome]) -> Vec<ObjectId> {
    let succeeded = outcomes.iter().filter(|it| it.rejection().is_none());
    let mut ids: Vec<_> = succeeded.map(|it| it.id().unwrap()).collect();
    ids.sort_unstable();
    let len = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), len, "an id came twice: {outcomes:?}");
    ids
}

fn codes(outcomes: &[RowOutcome]) -> Vec<u32> {
    let code = |it: &RowOutcome| it.rejection().map_or(0, |it| it.code.number());
    outcomes.iter().map(code).collect()
}

/// Three numbers that no other moment has.
fn people(moment: u32) -> [i64; 3] {
    [1, 2, 3].map(|it| i64::from(moment) * 10 + it)
}

fn what_a_merged_customer_has_earned_by_a_job_is_what_its_rows_say(world: &World) {
    let carrier = Carrier::new(world);
    for moment in 0..MOMENTS {
        let badge = world.direct(&format!("Badge {moment}"));
        let name = format!("earns-{moment}");
        let [a, b, c] = people(moment);
        let file = format!("customerId\n{a}\n{b}\n{c}\n{b}\n");
        carrier.killed_after(moment, (&name, JobOperation::Earn), &badge, &file);
        world.merge(a, b);
        let outcomes = carrier.carry_out(&name);
        let earned = world.details(&badge, b).earns.items.into_iter();
        let mut earned: Vec<ObjectId> = earned.map(|it| it.earned.id.0).collect();
        let of_c = world.details(&badge, c).earns.items;
        earned.extend(of_c.into_iter().map(|it| it.earned.id.0));
        earned.sort_unstable();
        assert_eq!(ids(&outcomes), earned, "{moment}: {outcomes:?}");
        // Who is merged into another of the same request between plan and request is one row less.
        let codes = codes(&outcomes);
        assert!(
            codes == [0, 0, 0, 0] || codes == [0, 404, 0, 0],
            "{moment}: {outcomes:?}"
        );
    }
}

fn what_a_merged_customer_was_enrolled_for_by_a_job_is_what_its_rows_say(world: &World) {
    let carrier = Carrier::new(world);
    for moment in 0..MOMENTS {
        let badge = world.badge(&format!("Badge {moment}"));
        let name = format!("enrolments-{moment}");
        let [a, b, _] = people(moment);
        let file = format!("customerId\n{a}\n{b}\n");
        carrier.killed_after(moment, (&name, JobOperation::Enrol), &badge, &file);
        world.merge(a, b);
        let outcomes = carrier.carry_out(&name);
        let enrolled = world.details(&badge, b).enrolments.items.into_iter();
        let mut enrolled: Vec<ObjectId> = enrolled.map(|it| it.enrolment.id.0).collect();
        enrolled.sort_unstable();
        assert_eq!(ids(&outcomes), enrolled, "{moment}: {outcomes:?}");
        assert_eq!(world.issued(&badge), 1, "{moment}");
    }
}

fn each_enrolment_that_a_job_revokes_of_a_merged_customer_is_a_row_of_it(world: &World) {
    let carrier = Carrier::new(world);
    for moment in 0..MOMENTS {
        let badge = world.badge(&format!("Badge {moment}"));
        let name = format!("revocations-{moment}");
        let [a, b, _] = people(moment);
        let enrolled: Vec<EnrolmentId> = [(a, 1000), (b, 3000)]
            .map(|(number, from)| {
                let mut request = world.request(&badge, [number]);
                request.hold = hold(from, from + 500);
                match world.enrol(&request).unwrap()[0].outcome {
                    Outcome::Enrolled(id) => id,
                    other => panic!("{other:?}"),
                }
            })
            .into();
        let before = world.events().len();
        let file = format!(
            "customerId,issuedId\n{a},{}\n{b},{}\n",
            enrolled[0], enrolled[1]
        );
        let job = (name.as_str(), JobOperation::RevokeEnrolments);
        carrier.killed_after(moment, job, &badge, &file);
        world.merge(a, b);
        let outcomes = carrier.carry_out(&name);
        assert_eq!(codes(&outcomes), [0, 0], "{moment}: {outcomes:?}");
        let facts = world.facts_since(before).into_iter();
        let revoked = facts.filter(|it| matches!(it, Fact::EnrolmentRevoked(_)));
        assert_eq!(revoked.count(), 2, "{moment}");
    }
}

fn who_is_forgotten_while_a_job_names_her_is_nobody_elses_concern(world: &World) {
    let carrier = Carrier::new(world);
    for moment in 0..MOMENTS {
        let badge = world.direct(&format!("Badge {moment}"));
        let name = format!("forgotten-{moment}");
        let [a, b, c] = people(moment);
        let file = format!("customerId\n{b}\n{a}\n{c}\n");
        carrier.killed_after(moment, (&name, JobOperation::Earn), &badge, &file);
        world.erase(a);
        let outcomes = carrier.carry_out(&name);
        for (place, number) in [(0, b), (2, c)] {
            let earned = world.details(&badge, number).earns.items;
            let earned: Vec<_> = earned.into_iter().map(|it| it.earned.id.0).collect();
            assert_eq!(earned, [outcomes[place].id().unwrap()], "{moment}");
        }
        // She may have earned it, and was forgotten, before the job had ended or after; or was, and
        // earned it as somebody new.
        let code = codes(&outcomes)[1];
        assert!(code == 0 || code == 404, "{moment}: {outcomes:?}");
        assert_eq!(world.earned(&badge), 3, "{moment}");
        let left = world.details(&badge, a).earns.items;
        assert!(left.len() <= usize::from(code == 0), "{moment}");
    }
}

sentences! {
    what_a_merged_customer_has_earned_by_a_job_is_what_its_rows_say
    what_a_merged_customer_was_enrolled_for_by_a_job_is_what_its_rows_say
    each_enrolment_that_a_job_revokes_of_a_merged_customer_is_a_row_of_it
    who_is_forgotten_while_a_job_names_her_is_nobody_elses_concern
}
