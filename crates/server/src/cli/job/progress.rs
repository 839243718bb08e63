//! How far it is, on a terminal. Elsewhere nothing is shown.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::service::Rows;

const SENT: &str = "sending  {bar:32} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left";
const SENT_OF_UNKNOWN: &str = "sending  {spinner} {bytes}  {bytes_per_sec}";
const DONE: &str = "rows  {bar:32} {human_pos}/{human_len}  {per_sec}  {eta} left  {msg}";
const DONE_OF_UNKNOWN: &str = "rows  {spinner} {human_pos}  {per_sec}  {msg}";

/// How often something moves while nothing happens.
const TICK: Duration = Duration::from_millis(200);

/// A bar that goes when it is dropped.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Of so many bytes.
    pub(super) fn of_bytes(length: Option<u64>) -> Self {
        match length {
            Some(length) => Self::new(ProgressBar::new(length), SENT),
            None => Self::new(ProgressBar::new_spinner(), SENT_OF_UNKNOWN),
        }
    }

    /// Of rows, whose number is not known yet.
    pub(super) fn of_rows() -> Self {
        Self::new(ProgressBar::new_spinner(), DONE_OF_UNKNOWN)
    }

    fn new(bar: ProgressBar, template: &str) -> Self {
        let progress = Self(bar);
        progress.set_style(template);
        progress.0.enable_steady_tick(TICK);
        progress
    }

    fn set_style(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style);
        }
    }

    /// So many more are done.
    pub(super) fn add(&self, count: u64) {
        self.0.inc(count);
    }

    /// So many rows are done.
    pub(super) fn show(&self, rows: &Rows) {
        if let (Some(total), None) = (rows.total, self.0.length()) {
            self.0.set_length(total);
            self.set_style(DONE);
        }
        self.0.set_position(rows.processed);
        let failed = rows.refused + rows.invalid;
        if failed > 0 {
            self.0.set_message(format!("{failed} not carried out"));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
