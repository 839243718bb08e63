//! How far a command is that takes its time.

/// Told how far a long piece of work is, so that somebody may watch.
pub trait Progress: Sync {
    /// Something else begins, which has so many steps: rows, or bytes. `None` if that is not known.
    fn begin(&self, what: &str, steps: Option<u64>);

    /// So many more of its steps are done.
    fn advance(&self, steps: u64);
}

/// For whom nobody watches.
pub struct Unwatched;

impl Progress for Unwatched {
    fn begin(&self, _: &str, _: Option<u64>) {}

    fn advance(&self, _: u64) {}
}
