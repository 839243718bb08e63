//! What is said of a job's file: what is to be done by its rows, how they are written, and what
//! became of each.

/// What is done by each row of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobOperation {
    /// Enrols a customer for a badge.
    Enrol,
    /// Lets a customer earn a badge.
    Earn,
    /// Revokes an enrolment, or all that a customer has of a badge.
    RevokeEnrolments,
    /// Revokes an earned badge.
    RevokeEarns,
    /// Records an earned badge from elsewhere.
    Import,
    /// Replaces the identifiers of a customer.
    Customers,
}

impl JobOperation {
    /// Every operation.
    pub const ALL: &[Self] = &[
        Self::Enrol,
        Self::Earn,
        Self::RevokeEnrolments,
        Self::RevokeEarns,
        Self::Import,
        Self::Customers,
    ];

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enrol => "ENROL",
            Self::Earn => "EARN",
            Self::RevokeEnrolments => "REVOKE_ENROLMENTS",
            Self::RevokeEarns => "REVOKE_EARNS",
            Self::Import => "IMPORT",
            Self::Customers => "CUSTOMERS",
        }
    }
}

/// How the rows of a job's file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobFormat {
    /// Values with commas between them, below a line with the names of the columns.
    Csv,
    /// A JSON object in each line.
    Ndjson,
}

impl JobFormat {
    /// Every format.
    pub const ALL: &[Self] = &[Self::Csv, Self::Ndjson];

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Ndjson => "NDJSON",
        }
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowStatus {
    /// It was carried out.
    Succeeded,
    /// A rule refused it.
    Refused,
    /// It cannot be read.
    Invalid,
    /// The job was cancelled before its turn.
    Unprocessed,
}

impl RowStatus {
    /// Every status.
    pub const ALL: &[Self] = &[
        Self::Succeeded,
        Self::Refused,
        Self::Invalid,
        Self::Unprocessed,
    ];

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "SUCCEEDED",
            Self::Refused => "REFUSED",
            Self::Invalid => "INVALID",
            Self::Unprocessed => "UNPROCESSED",
        }
    }
}
