//! Leases: which of the servers does what only one of them is to do.

use std::fmt;
use std::time::Duration;

use accolade_domain::ids::{OrgId, WebhookId};
use accolade_domain::instant::Instant;
use uuid::Uuid;

use crate::ports::StoreError;

/// What a lease is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeaseName {
    /// That a server runs; each has its own.
    Server(Uuid),
    /// Making events of what expires.
    Expiries,
    /// The deliveries of a webhook.
    Webhook(OrgId, WebhookId),
    /// The carrying out of a job, which is named by its [secret](crate::ports::NewJob::secret).
    Job(OrgId, Uuid),
}

impl fmt::Display for LeaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(process) => write!(f, "servers/{process}"),
            Self::Expiries => f.write_str("expiries"),
            Self::Webhook(org, webhook) => write!(f, "orgs/{org}/webhooks/{webhook}"),
            Self::Job(org, job) => write!(f, "orgs/{org}/jobs/{job}"),
        }
    }
}

/// Who is to have a lease, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// A process: each start of a server is another one.
    pub holder: Uuid,
    /// When it begins, by the clock of whoever asks.
    pub now: Instant,
    /// How long it lasts unless it is renewed.
    pub length: Duration,
}

/// A lease that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenLease {
    /// What it is about.
    pub name: LeaseName,
    /// Whether somebody else had it last and let it run out, who has probably ended without a word.
    pub is_takeover: bool,
}

/// Leases, of all servers of a database.
///
/// A lease has one holder or none. It runs out at the end of its term, whatever became of the holder.
/// The moments are those of one clock: where several servers share the database it is the
/// database's, and [`Term::now`] counts for nothing; where there is one server it is that `now`. A
/// holder measures the length of its term by itself, from before it asked, and so stops at the
/// same moment as the database or earlier, however wrong the clocks of servers are.
pub trait Leases: Send + Sync {
    /// Takes those of `names` that nobody has, that have run out, or that the holder has already, the
    /// first `most` of them; gives them, in the order of `names`. Of several who ask for one at the
    /// same moment one gets it; the others may get fewer than there are.
    ///
    /// # Errors
    /// The store failed.
    fn take(
        &self,
        names: &[LeaseName],
        most: usize,
        term: &Term,
    ) -> Result<Vec<TakenLease>, StoreError>;

    /// Begins another term of those of `names` that the holder had last, even if they had run out:
    /// nobody had them since. Gives them, in the order of `names`; the others are lost.
    ///
    /// # Errors
    /// The store failed.
    fn renew(&self, names: &[LeaseName], term: &Term) -> Result<Vec<LeaseName>, StoreError>;

    /// Gives back those of `names` that `holder` had last: the next who asks gets them.
    ///
    /// # Errors
    /// The store failed.
    fn release(&self, names: &[LeaseName], holder: Uuid) -> Result<(), StoreError>;

    /// How many holders have at least one lease that has not run out.
    ///
    /// # Errors
    /// The store failed.
    fn count_holders(&self, now: Instant) -> Result<u64, StoreError>;

    /// Forgets leases that ran out so long ago or longer; how many there were.
    ///
    /// # Errors
    /// The store failed.
    fn sweep_leases(&self, now: Instant, ran_out_for: Duration) -> Result<u64, StoreError>;
}
