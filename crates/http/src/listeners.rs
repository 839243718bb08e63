//! Who is told what became of requests that were executed: what counts them, and those who wait for
//! events.

use accolade_application::Executed;
use accolade_application::answer::{Answer, CustomerEarn, EarnOutcome};
use accolade_application::error::UseCaseError;
use accolade_domain::enrolment::{CustomerOutcome, Outcome};
use accolade_domain::ids::OrgId;
use accolade_domain::rejection::Code;
use prometheus::{IntCounterVec, Registry};

use crate::follow::FeedFollowers;
use crate::metrics::at_zero;

const ENROLLED: &str = "enrolled";
/// Refused with 1040.
const ALREADY_ENROLLED: &str = "already_enrolled";

const EARNED: &str = "earned";
const NOT_ENROLLED: &str = "not_enrolled";
const CUSTOMER_LIMIT: &str = "customer_limit_reached";
const BADGE_LIMIT: &str = "badge_limit_reached";

/// What becomes of a customer who is to be enrolled.
const ENROLMENT_OUTCOMES: &[&str] = &[ENROLLED, ALREADY_ENROLLED];

/// What becomes of a customer who is to earn.
const EARN_OUTCOMES: &[&str] = &[EARNED, NOT_ENROLLED, CUSTOMER_LIMIT, BADGE_LIMIT];

/// Who is told. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Listeners {
    pub(crate) counts: OutcomeCounts,
    pub(crate) followers: FeedFollowers,
}

impl Listeners {
    /// Tells them what became of a request of `org`, which was no dry run.
    pub(crate) fn tell(&self, org: OrgId, result: &Result<Executed, UseCaseError>) {
        self.counts.executed(result);
        if matches!(result, Ok(Executed::Now { .. })) {
            self.followers.recorded(&org);
        }
    }
}

/// How many customers were enrolled or have earned, and how many were refused. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct OutcomeCounts {
    enrolments: IntCounterVec,
    earns: IntCounterVec,
}

impl OutcomeCounts {
    /// Counters at zero, which `registry` shows.
    ///
    /// # Errors
    /// A name is not one that Prometheus takes.
    pub(crate) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let enrolments = (
            "accolade_enrolments_total",
            "Customers of requests to enrol that were carried out, by outcome.",
        );
        let earns = (
            "accolade_earns_total",
            "Customers of requests to earn, by outcome.",
        );
        Ok(Self {
            enrolments: at_zero(registry, enrolments, "outcome", ENROLMENT_OUTCOMES)?,
            earns: at_zero(registry, earns, "outcome", EARN_OUTCOMES)?,
        })
    }

    /// Counts the customers of a request that was to record something, by what became of them.
    fn executed(&self, result: &Result<Executed, UseCaseError>) {
        match result {
            Ok(Executed::Now {
                answer: Answer::Enrolment(enrolment),
                ..
            }) => self.enrolled(&enrolment.outcomes),
            Ok(Executed::Now {
                answer: Answer::Earned(earned),
                ..
            }) => self.earned(&earned.outcomes),
            Err(UseCaseError::Refused(rejections)) => {
                for rejection in rejections {
                    self.refused(rejection.code);
                }
            }
            Ok(_) | Err(_) => {}
        }
    }

    fn enrolled(&self, outcomes: &[CustomerOutcome]) {
        let enrolled = |it: &&CustomerOutcome| matches!(it.outcome, Outcome::Enrolled(_));
        let all = outcomes.len() as u64;
        let new = outcomes.iter().filter(enrolled).count() as u64;
        for (outcome, customers) in [(ENROLLED, new), (ALREADY_ENROLLED, all - new)] {
            self.enrolments
                .with_label_values(&[outcome])
                .inc_by(customers);
        }
    }

    fn earned(&self, outcomes: &[CustomerEarn]) {
        for earn in outcomes {
            match &earn.outcome {
                EarnOutcome::Earned(..) => self.earns.with_label_values(&[EARNED]).inc(),
                EarnOutcome::Refused(rejection) => self.refused(rejection.code),
                EarnOutcome::WouldEarn(_) => {}
            }
        }
    }

    /// Counts a customer who was refused an earn, if by a limit or for want of an enrolment.
    fn refused(&self, code: Code) {
        let outcome = match code {
            Code::NotEnrolled => NOT_ENROLLED,
            Code::CustomerLimitReached => CUSTOMER_LIMIT,
            Code::BadgeLimitReached => BADGE_LIMIT,
            _ => return,
        };
        self.earns.with_label_values(&[outcome]).inc();
    }
}
