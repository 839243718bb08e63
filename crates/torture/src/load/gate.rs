//! Where writers find the server, which dies and comes again under another address.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use accolade_tests::Org;

/// The way to the server that there is.
#[derive(Debug)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    org: Org,
    generation: usize,
    is_dying: bool,
    is_over: bool,
    has_failed: bool,
    answered: usize,
}

/// The server of one time.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    pub(crate) org: Org,
    generation: usize,
}

impl Gate {
    pub(crate) fn new(org: Org) -> Self {
        Self {
            state: Mutex::new(State {
                org,
                generation: 0,
                is_dying: false,
                is_over: false,
                has_failed: false,
                answered: 0,
            }),
            changed: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server that there is now, for one who keeps a connection.
    pub(crate) fn way(&self) -> Way {
        let state = self.state();
        Way {
            org: state.org.with_a_connection(),
            generation: state.generation,
        }
    }

    /// The org on the server that there is now.
    pub(crate) fn org(&self) -> Org {
        self.state().org.clone()
    }

    /// From now on the server may be gone at any moment.
    pub(crate) fn server_dies(&self) {
        self.state().is_dying = true;
    }

    /// There is another server, on which `org` is that client.
    pub(crate) fn server_is_back(&self, org: Org) {
        let mut state = self.state();
        state.org = org;
        state.generation += 1;
        state.is_dying = false;
        self.changed.notify_all();
    }

    /// Waits for another server than that of `way`, whose connection broke.
    ///
    /// # Panics
    /// If nobody has killed that server; if another writer has failed.
    pub(crate) fn another(&self, way: &Way, error: &str) -> Way {
        let state = self.state();
        let is_expected = state.is_dying || state.generation > way.generation;
        assert!(is_expected, "a connection broke for no reason: {error}");
        let state = self
            .changed
            .wait_while(state, |it| {
                it.generation == way.generation && !it.has_failed
            })
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!state.has_failed, "another writer has failed");
        drop(state);
        self.way()
    }

    /// One more answer.
    pub(crate) fn answered(&self) {
        self.state().answered += 1;
        self.changed.notify_all();
    }

    /// Waits for `count` further answers; false if a writer has failed instead.
    pub(crate) fn wait_for_answers(&self, count: usize) -> bool {
        let state = self.state();
        let enough = state.answered + count;
        let state = self
            .changed
            .wait_while(state, |it| it.answered < enough && !it.has_failed)
            .unwrap_or_else(PoisonError::into_inner);
        !state.has_failed
    }

    /// No writer is to begin anything more.
    pub(crate) fn close(&self) {
        self.state().is_over = true;
    }

    /// Whether writers are to end.
    pub(crate) fn is_closed(&self) -> bool {
        let state = self.state();
        state.is_over || state.has_failed
    }

    /// Something is wrong: everybody ends.
    pub(crate) fn fail(&self) {
        self.state().has_failed = true;
        self.changed.notify_all();
    }
}

/// Tells all others if its holder panics.
pub(crate) struct Alarm<'g>(pub(crate) &'g Gate);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail();
        }
    }
}
