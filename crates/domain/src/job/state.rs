//! How far a job has come.

/// How far a job has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobState {
    /// It gets its file.
    Open,
    /// It was started, and waits for its turn.
    Queued,
    /// Its rows are being carried out.
    Running,
    /// Somebody has cancelled it: it ends behind the chunk that is under way.
    Cancelling,
    /// It ended because somebody has cancelled it.
    Cancelled,
    /// It ended: every row has its outcome.
    Completed,
    /// It ended because of something that no further try would mend.
    Failed,
}

impl JobState {
    /// Every state.
    pub const ALL: &[Self] = &[
        Self::Open,
        Self::Queued,
        Self::Running,
        Self::Cancelling,
        Self::Cancelled,
        Self::Completed,
        Self::Failed,
    ];

    /// Those in which a worker has something to do.
    pub const RUNNABLE: &[Self] = &[Self::Queued, Self::Running, Self::Cancelling];

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Cancelling => "CANCELLING",
            Self::Cancelled => "CANCELLED",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        }
    }

    /// Whether it has ended.
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Cancelled | Self::Completed | Self::Failed)
    }
}
