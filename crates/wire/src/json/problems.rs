//! What is wrong with a body and what is odd about it, as it is being read.

use std::cell::RefCell;

use accolade_domain::rejection::{Code, Rejection};

use super::MOST_REPORTED;

/// Collects problems and warnings, [`MOST_REPORTED`] of each.
#[derive(Debug, Default)]
pub struct Problems {
    errors: RefCell<Vec<Rejection>>,
    warnings: RefCell<Vec<Rejection>>,
}

impl Problems {
    /// Adds a reason to refuse the request.
    pub fn refuse(&self, problem: Rejection) {
        push(&self.errors, problem);
    }

    /// Adds a warning.
    pub fn warn(&self, warning: Rejection) {
        push(&self.warnings, warning);
    }

    /// Warns of a field that nothing reads.
    pub(crate) fn unknown(&self, path: String) {
        self.warn(Rejection::new(Code::UnknownField).at_field(path));
    }

    /// The problems, and the warnings.
    pub fn into_parts(self) -> (Vec<Rejection>, Vec<Rejection>) {
        (self.errors.into_inner(), self.warnings.into_inner())
    }
}

fn push(list: &RefCell<Vec<Rejection>>, rejection: Rejection) {
    let mut list = list.borrow_mut();
    if list.len() < MOST_REPORTED {
        list.push(rejection);
    }
}
