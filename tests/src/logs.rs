//! What a server prints, kept for tests that look at it and for those that fail.

use std::io::{BufRead as _, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The lines of a server's output and error output, as they come.
#[derive(Debug, Default)]
pub struct Logs {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    lines: Vec<String>,
    closed: usize,
}

impl Logs {
    /// Takes lines from `source` until it ends.
    pub(crate) fn follow(self: &Arc<Self>, source: impl Read + Send + 'static) {
        let logs = Arc::clone(self);
        std::thread::spawn(move || {
            for line in BufReader::new(source).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                logs.update(|inner| inner.lines.push(line));
            }
            logs.update(|inner| inner.closed += 1);
        });
    }

    fn update(&self, change: impl FnOnce(&mut Inner)) {
        change(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    /// Waits for a line that `wanted` makes something of; `None` once both outputs have
    /// ended, or after `patience`.
    pub fn find<T>(
        &self,
        patience: Duration,
        mut wanted: impl FnMut(&str) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + patience;
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen = 0;
        loop {
            if let Some(found) = inner.lines[seen..].iter().find_map(|line| wanted(line)) {
                return Some(found);
            }
            seen = inner.lines.len();
            let left = deadline.saturating_duration_since(Instant::now());
            if inner.closed == 2 || left.is_zero() {
                return None;
            }
            inner = self
                .changed
                .wait_timeout(inner, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// The line with `text`, which comes sooner or later.
    #[track_caller]
    pub fn expect(&self, text: &str) -> String {
        let has = |line: &str| line.contains(text).then(|| line.to_owned());
        self.find(Duration::from_secs(10), has)
            .unwrap_or_else(|| panic!("no {text} in the log:\n{}", self.text()))
    }

    /// Everything so far.
    pub fn text(&self) -> String {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.lines.join("\n")
    }

    /// The last lines so far.
    pub fn tail(&self) -> String {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = &inner.lines;
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}
