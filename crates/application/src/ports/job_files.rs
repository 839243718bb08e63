//! The files of jobs: read in parts, as they come, so that nobody holds a whole file.

use accolade_domain::ids::{BadgeId, EarnedBadgeId, EnrolmentId};
use accolade_domain::instant::Instant;
use accolade_domain::job::JobSettings;
use accolade_domain::owner::Owner;
use accolade_domain::rejection::Rejection;
use accolade_domain::text::Reason;

use crate::customers::NamedCustomer;
use crate::earning::ImportRow;
use crate::ports::DirectoryEntry;

/// What a row asks for, complete with what the job says for all rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowAction {
    /// To enrol a customer.
    Enrol {
        /// The badge.
        badge: BadgeId,
        /// Whom.
        customer: NamedCustomer,
        /// When they were enrolled; now if `None`.
        event_on: Option<Instant>,
        /// Who triggered it.
        triggered_by: Option<Owner>,
    },
    /// To let a customer earn.
    Earn {
        /// The badge.
        badge: BadgeId,
        /// Whom.
        customer: NamedCustomer,
        /// When the criteria were fulfilled; now if `None`.
        event_on: Option<Instant>,
        /// Who triggered it.
        triggered_by: Option<Owner>,
    },
    /// To revoke enrolments of a customer.
    RevokeEnrolments {
        /// The badge.
        badge: BadgeId,
        /// Whose.
        customer: NamedCustomer,
        /// Which; `None`: all of the customer's.
        enrolment: Option<EnrolmentId>,
        /// Why, if it is said.
        reason: Option<Reason>,
    },
    /// To revoke an earned badge.
    RevokeEarn {
        /// The badge.
        badge: BadgeId,
        /// Whose.
        customer: NamedCustomer,
        /// Which.
        earned: EarnedBadgeId,
        /// Why, if it is said.
        reason: Option<Reason>,
    },
    /// To record an earned badge from elsewhere.
    Import(ImportRow),
    /// To replace the identifiers of a customer.
    Customer(DirectoryEntry),
}

/// A row of a job's file, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    /// The line of the file in which it begins, from 1.
    pub line: u64,
    /// What it asks for, or why it cannot be read.
    pub action: Result<RowAction, Rejection>,
}

/// A place between two rows of a file, to go on from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilePlace {
    /// The part that it is in, from 1; 0 at the beginning of the file.
    pub part: u32,
    /// How many bytes of that part are behind it.
    pub offset: u32,
    /// What else the reader must know, such as the names of the columns, in its own words.
    pub reading: String,
}

/// A file that is being read.
pub trait JobFile: Send {
    /// Takes the next part of the file, as it was sent. The first after
    /// [`open`](JobFiles::open) is the part of the place where it was opened, whole: what is before the
    /// place is passed over.
    fn feed(&mut self, part: &[u8]);

    /// Takes word that there are no more parts.
    fn finish(&mut self);

    /// Whether the rows can be read by what the file says of them at its beginning; `None`: that is not
    /// known before it is fed more.
    ///
    /// # Errors
    /// They cannot: 1969 for each column that is missing, 400.
    fn check(&mut self) -> Option<Result<(), Vec<Rejection>>>;

    /// The next row; `None`: it must be fed more before there is one, or, once it was told to finish,
    /// there are no more. A file that does not pass [`check`](Self::check) has no rows.
    fn next_row(&mut self) -> Option<JobRow>;

    /// The place behind the last row that was given.
    fn place(&self) -> FilePlace;
}

/// Reads the files of jobs.
pub trait JobFiles: Send + Sync {
    /// The file of a job with these settings, to be read from `place` on. What is read depends on
    /// the bytes of the file and the settings alone, and not on how often it was opened in between.
    ///
    /// # Errors
    /// The place is none that the reader gave.
    fn open(
        &self,
        settings: &JobSettings,
        place: &FilePlace,
    ) -> Result<Box<dyn JobFile>, anyhow::Error>;
}
