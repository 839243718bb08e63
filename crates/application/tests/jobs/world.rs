//! An org with a badge or two, and jobs of few rows a chunk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use accolade_application::access::{AccessGroups, Caller};
use accolade_application::answer::{Answer, JobView};
use accolade_application::badges::{CreateBadge, KnownBadges, SetActivity};
use accolade_application::customers::{NamedCustomer, PutCustomers};
use accolade_application::error::UseCaseError;
use accolade_application::jobs::run::{JobRun, RunError, Step};
use accolade_application::jobs::{JobLimits, StartJob, results};
use accolade_application::ports::{Clock, Identifiers, NewJob, NewPart, Org, Ports};
use accolade_application::{Command, Request, execute};
use accolade_domain::badge::constraint::{
    Constraint, Count, Cycle, FixedWindowDraft, RollingWindow,
};
use accolade_domain::badge::{BadgeDraft, EarnType, Expiry};
use accolade_domain::event::Position;
pub(crate) use accolade_domain::fixtures::{at, count, customer};
use accolade_domain::ids::{BadgeId, ObjectId};
use accolade_domain::instant::Instant;
use accolade_domain::job::{Job, JobFormat, JobId, JobOperation, JobSettings, RowOutcome};
use accolade_domain::owner::OwnerType;
use accolade_domain::zone::{CalendarUnit, Zone};
use accolade_memory::{FixedClock, MemoryStore, memory_ports};

/// The moment at which tests begin.
pub(crate) const NOW: &str = "2026-05-10T12:00:00Z";

/// A clock that whoever asks for the time the last time that it may does not survive.
pub(crate) struct Fuse {
    clock: FixedClock,
    left: AtomicU32,
}

impl Clock for Fuse {
    fn now(&self) -> Instant {
        let left = self.left.load(Ordering::Relaxed);
        if left != u32::MAX {
            assert!(left > 0, "killed, as the test says");
            self.left.store(left - 1, Ordering::Relaxed);
        }
        self.clock.now()
    }
}

impl Fuse {
    /// Kills whoever asks for the time after so many times.
    pub(crate) fn burn_after(&self, times: u32) {
        self.left.store(times, Ordering::Relaxed);
    }

    pub(crate) fn burn_never(&self) {
        self.left.store(u32::MAX, Ordering::Relaxed);
    }

    pub(crate) fn advance(&self, duration: time::Duration) {
        self.clock.advance(duration);
    }
}

pub(crate) struct World {
    pub(crate) ports: Ports,
    pub(crate) clock: Arc<Fuse>,
    pub(crate) caller: Caller,
}

pub(crate) fn limits() -> JobLimits {
    JobLimits {
        most_open: 3,
        most_bytes: 1_000,
    }
}

pub(crate) fn id(text: &str) -> JobId {
    text.try_into().unwrap()
}

pub(crate) fn settings(operation: JobOperation, badge: Option<BadgeId>) -> JobSettings {
    JobSettings {
        operation,
        format: JobFormat::Csv,
        badge,
        triggered_by: None,
        event_on: None,
        dry_run: false,
    }
}

/// The codes of a refusal; none of a success.
pub(crate) fn codes<T>(result: &Result<T, UseCaseError>) -> Vec<u32> {
    match result {
        Ok(_) => Vec::new(),
        Err(UseCaseError::Refused(all)) => all.iter().map(|it| it.code.number()).collect(),
        Err(error) => panic!("{error}"),
    }
}

/// A badge of the year.
fn draft(name: &str, earn_type: EarnType) -> BadgeDraft {
    let enrolled = earn_type == EarnType::IssueEarn;
    BadgeDraft {
        name: Some(name.try_into().unwrap()),
        starts_on: Some(at("2026-01-01T00:00:00Z")),
        expires_on: Some(at("2027-01-01T00:00:00Z")),
        earn_type: Some(earn_type),
        enrolment_expiry: enrolled.then_some(Expiry::WithBadge),
        earned_expiry: Some(Expiry::WithBadge),
        owners: vec![OwnerType::Loyalty],
        ..BadgeDraft::default()
    }
}

/// What became of a row, without ids that are others each time: a code, 0 of one that succeeded.
pub(crate) fn code(outcome: &RowOutcome) -> u32 {
    outcome.rejection().map_or(0, |it| it.code.number())
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(Fuse {
            clock: FixedClock::at(at(NOW)),
            left: AtomicU32::new(u32::MAX),
        });
        let ports = memory_ports(Arc::new(MemoryStore::default()), clock.clone());
        let org = Org {
            id: 100_458.try_into().unwrap(),
            name: "Org".try_into().unwrap(),
            zone: Zone::utc(),
            region: None,
        };
        ports.stores.access.create_org(&org, at(NOW)).unwrap();
        Self {
            ports,
            clock,
            caller: Caller {
                org: org.id,
                zone: org.zone,
                region: None,
                actor: 1.try_into().unwrap(),
                groups: AccessGroups::DEFAULT,
            },
        }
    }

    pub(crate) fn run(&self, command: impl Command) -> Result<Answer, UseCaseError> {
        let request = Request::new(self.caller.clone());
        execute(&self.ports, request, command).map(|executed| executed.answer().clone())
    }

    pub(crate) fn run_as(
        &self,
        groups: AccessGroups,
        command: impl Command,
    ) -> Result<Answer, UseCaseError> {
        let caller = Caller {
            groups,
            ..self.caller.clone()
        };
        let executed = execute(&self.ports, Request::new(caller), command);
        executed.map(|executed| executed.answer().clone())
    }

    /// The job that a command answers.
    pub(crate) fn job_of(&self, command: impl Command) -> JobView {
        match self.run(command).unwrap() {
            Answer::Job(job) => *job,
            other => panic!("{other:?}"),
        }
    }

    /// A badge that has run since the beginning of the year, with this many places, if few.
    pub(crate) fn badge(&self, name: &str, earn_type: EarnType, places: Option<i64>) -> BadgeId {
        let constraints = |max: i64| vec![Constraint::FixedValue(count(max))];
        self.create(BadgeDraft {
            badge_constraints: places.map(constraints).unwrap_or_default(),
            ..draft(name, earn_type)
        })
    }

    fn create(&self, draft: BadgeDraft) -> BadgeId {
        let command = CreateBadge {
            draft,
            unread: Vec::new(),
            active: true,
            migrating: true,
            id: None,
        };
        match self.run(command).unwrap() {
            Answer::BadgeCreated(view) => view.badge.id,
            other => panic!("{other:?}"),
        }
    }

    /// A badge of which a customer earns two in each month and three in a week, and all of them six.
    pub(crate) fn limited(&self, name: &str) -> BadgeId {
        let monthly = FixedWindowDraft {
            reference: None,
            cycle: Cycle::Months,
            max: count(2),
        };
        let weekly = RollingWindow {
            unit: CalendarUnit::Weeks,
            length: Count::ONE,
            max: count(3),
        };
        self.create(BadgeDraft {
            customer_constraints: vec![
                Constraint::FixedWindow(monthly),
                Constraint::RollingWindow(vec![weekly]),
            ],
            badge_constraints: vec![Constraint::FixedValue(count(6))],
            ..draft(name, EarnType::Earn)
        })
    }

    pub(crate) fn turn(&self, badge: BadgeId, active: bool) {
        self.run(SetActivity { badge, active }).unwrap();
    }

    /// Has the customer called by an e-mail address.
    pub(crate) fn call(&self, number: i64, email: &str) {
        let identifiers = Identifiers {
            email: Some(email.try_into().unwrap()),
            ..Identifiers::default()
        };
        let named = NamedCustomer::Number(customer(number));
        self.run(PutCustomers::One(named, identifiers)).unwrap();
    }

    /// A job of chunks of four rows with this file, which comes in parts of 40 bytes, started.
    pub(crate) fn start(&self, name: &str, settings: JobSettings, file: &str) {
        self.start_in(4, 40, name, settings, file);
    }

    /// The same in chunks of `chunk_rows` and parts of `part` bytes.
    pub(crate) fn start_in(
        &self,
        chunk_rows: u32,
        part: usize,
        name: &str,
        settings: JobSettings,
        file: &str,
    ) {
        let new = NewJob {
            job: Job::new(
                (self.caller.org, id(name)),
                settings,
                at(NOW),
                self.caller.actor,
            ),
            secret: self.ports.ids.uuid(),
            chunk_rows,
        };
        let parts: Vec<_> = (1..)
            .zip(file.as_bytes().chunks(part))
            .map(|(number, data)| NewPart {
                number,
                digest: [u8::try_from(number).unwrap(); 32],
                data,
            })
            .collect();
        let jobs = &self.ports.stores.jobs;
        jobs.create_job(&new, &parts, 99, None, &[]).unwrap();
        self.job_of(StartJob { job: id(name) });
    }

    pub(crate) fn open(&self, name: &str) -> Option<JobRun> {
        let known = KnownBadges::default();
        JobRun::open(&self.ports, &known, self.caller.org, &id(name)).unwrap()
    }

    /// Carries out the job to its end.
    pub(crate) fn finish(&self, name: &str) -> Vec<RowOutcome> {
        while let Some(mut run) = self.open(name) {
            while let Ok(Step { state, .. }) = run.step()
                && !state.is_finished()
            {}
        }
        self.outcomes(name)
    }

    /// Carries out the job until it is killed or has ended; whether it has ended.
    pub(crate) fn finish_or_die(&self, name: &str) -> bool {
        let attempt = AssertUnwindSafe(|| {
            let known = KnownBadges::default();
            let run = JobRun::open(&self.ports, &known, self.caller.org, &id(name));
            let Some(mut run) = run.unwrap() else {
                return true;
            };
            loop {
                match run.step() {
                    Ok(step) if step.state.is_finished() => return true,
                    Ok(_) => {}
                    Err(RunError::Superseded) => return false,
                    Err(error) => panic!("{error:?}"),
                }
            }
        });
        let ended = catch_unwind(attempt).unwrap_or(false);
        self.clock.burn_never();
        ended
    }

    /// What became of the rows so far.
    pub(crate) fn outcomes(&self, name: &str) -> Vec<RowOutcome> {
        let mut results = results(&self.ports, &self.caller, &id(name)).unwrap();
        let mut all = Vec::new();
        while let Some(some) = results.next_outcomes().unwrap() {
            all.extend(some);
        }
        all
    }

    pub(crate) fn codes(&self, name: &str) -> Vec<u32> {
        self.outcomes(name).iter().map(code).collect()
    }

    /// How many events there are of each name.
    pub(crate) fn events(&self, name: &str) -> usize {
        let query = accolade_application::ports::FeedQuery {
            org: self.caller.org,
            after: Position::START,
            kept_since: Instant::MIN,
            kinds: [].into(),
            badge: None,
            customer: None,
            limit: 10_000,
        };
        let page = self.ports.stores.events.read(&query).unwrap();
        page.events
            .iter()
            .filter(|it| it.kind().name() == name)
            .count()
    }
}

/// The ids of those that succeeded, each once.
pub(crate) fn ids(outcomes: &[RowOutcome]) -> Vec<ObjectId> {
    let succeeded = outcomes.iter().filter(|it| it.rejection().is_none());
    let ids: Vec<_> = succeeded.filter_map(RowOutcome::id).collect();
    let mut distinct = ids.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), ids.len(), "an id came twice");
    ids
}
