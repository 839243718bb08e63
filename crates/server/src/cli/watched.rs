//! How far a command is, drawn where somebody watches: on a terminal.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use accolade_persistence::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// What is drawn of something whose end is known, and of what has none.
const BAR: &str = "{msg:24} {bar:30} {percent:>3}% {human_pos}/{human_len} {per_sec} {eta}";
const SPINNER: &str = "{msg:24} {spinner} {elapsed}";

/// How often it moves by itself.
const TICK: Duration = Duration::from_millis(200);

/// A bar on standard error; none where that is no terminal.
#[derive(Default)]
pub(super) struct Watched {
    bar: Mutex<Option<ProgressBar>>,
}

impl Watched {
    fn replace(&self, bar: Option<ProgressBar>) {
        let mut shown = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = std::mem::replace(&mut *shown, bar) {
            before.finish_and_clear();
        }
    }

    /// Runs `print` where no bar is in its way.
    pub(super) fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        let shown = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        match &*shown {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        self.replace(None);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.end();
    }
}

impl Progress for Watched {
    fn begin(&self, what: &str, steps: Option<u64>) {
        let (bar, style) = match steps {
            Some(steps) => (ProgressBar::new(steps), BAR),
            None => (ProgressBar::new_spinner(), SPINNER),
        };
        let style = ProgressStyle::with_template(style);
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let bar = bar.with_message(what.to_owned());
        bar.enable_steady_tick(TICK);
        self.replace(Some(bar));
    }

    fn advance(&self, steps: u64) {
        let shown = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = &*shown {
            bar.inc(steps);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_can_be_read_by_who_draws_it() {
        ProgressStyle::with_template(BAR).unwrap();
        ProgressStyle::with_template(SPINNER).unwrap();
    }

    #[test]
    fn where_nobody_watches_all_of_it_does_nothing() {
        let watched = Watched::default();
        watched.advance(1);
        watched.begin("copying", Some(3));
        watched.advance(2);
        assert_eq!(watched.suspend(|| 7), 7);
        watched.begin("checking", None);
        watched.end();
        assert_eq!(watched.suspend(|| 8), 8);
    }
}
