//! How many bytes of bodies are held at one moment, by all requests together.
//!
//! A body is bounded, and so are connections, but one times the other is more memory than a machine has. So
//! large bodies share a budget: what is received, from when it comes until its request is answered, and
//! what is answered, until it is sent. A body for which nothing is left is refused. What was recorded is
//! answered all the same, and counted: then others are refused until it is sent.
//!
//! Small bodies cost no more than the buffers of their connections, and are not counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use accolade_domain::rejection::{Code, Rejection};

/// The most bytes of a body that is not counted.
pub(crate) const SMALL: usize = 32 * 1024;

/// The bytes of all bodies. Cheap to clone; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct BodyBudget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most: usize,
    held: AtomicUsize,
}

/// What one body has of the budget, until this value goes.
#[derive(Debug)]
pub(crate) struct Share {
    budget: BodyBudget,
    bytes: usize,
}

impl BodyBudget {
    /// Of so many bytes.
    pub(crate) fn new(most: usize) -> Self {
        Self(Arc::new(Inner {
            most,
            held: AtomicUsize::new(0),
        }))
    }

    /// How many are held.
    pub(crate) fn held(&self) -> usize {
        self.0.held.load(Ordering::Relaxed)
    }

    /// A share of nothing yet.
    pub(crate) fn share(&self) -> Share {
        Share {
            budget: self.clone(),
            bytes: 0,
        }
    }

    /// The share of a body of so many bytes that is to be answered.
    ///
    /// # Errors
    /// 1951 if there are not so many left.
    pub(crate) fn for_answer(&self, bytes: usize) -> Result<Share, Rejection> {
        let mut share = self.share();
        share.resize(bytes)?;
        Ok(share)
    }

    /// The same of one that must be answered, whatever is left.
    pub(crate) fn for_recorded(&self, bytes: usize) -> Share {
        let mut share = self.share();
        if bytes > SMALL {
            self.0.held.fetch_add(bytes, Ordering::Relaxed);
            share.bytes = bytes;
        }
        share
    }
}

impl Share {
    /// Makes it the one of a body of so many bytes.
    ///
    /// # Errors
    /// 1951 if there are not so many left; it stays as it was.
    pub(crate) fn resize(&mut self, bytes: usize) -> Result<(), Rejection> {
        let bytes = if bytes > SMALL { bytes } else { 0 };
        let Inner { most, held } = &*self.budget.0;
        if bytes <= self.bytes {
            held.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        } else {
            let more = bytes - self.bytes;
            let with_more = |held: usize| held.checked_add(more).filter(|held| held <= most);
            held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, with_more)
                .map_err(|_| exhausted())?;
        }
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.0.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

fn exhausted() -> Rejection {
    let message = "The server holds as many bytes of large requests and answers as it may. Nothing was \
                   recorded; send it again.";
    Rejection::new(Code::Unavailable).with_message(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_share_what_there_is_and_give_it_back() {
        let budget = BodyBudget::new(100_000);
        let mut first = budget.share();
        first.resize(60_000).unwrap();
        let refused = budget.for_answer(40_001).unwrap_err();
        assert_eq!(refused.code.number(), 1951);
        let second = budget.for_answer(40_000).unwrap();
        assert_eq!(budget.held(), 100_000);
        first.resize(60_001).unwrap_err();
        assert_eq!(budget.held(), 100_000);
        first.resize(50_000).unwrap();
        drop(second);
        assert_eq!(budget.held(), 50_000);
        drop(first);
        assert_eq!(budget.held(), 0);
    }

    #[test]
    fn small_ones_are_not_counted_and_what_was_recorded_is_answered_whatever_is_left() {
        let budget = BodyBudget::new(100_000);
        let small = budget.for_answer(SMALL).unwrap();
        assert_eq!(budget.held(), 0);
        let recorded = budget.for_recorded(150_000);
        assert_eq!(budget.held(), 150_000);
        budget.for_answer(SMALL + 1).unwrap_err();
        drop((small, recorded));
        assert_eq!(budget.held(), 0);
        budget.for_answer(SMALL + 1).unwrap();
    }
}
