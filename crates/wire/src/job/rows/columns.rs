//! The names of a CSV file's columns.

use std::sync::Arc;

use accolade_domain::rejection::Rejection;
use serde::{Deserialize, Serialize};

use super::FileRow;

/// The names of the columns of a CSV file, as its first row has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct Columns(Arc<[String]>);

impl Columns {
    /// The names, in their order, without blanks around them.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// The columns that `row` names.
    pub(super) fn read(row: &FileRow<'_>) -> Result<Self, Rejection> {
        if let Some(problem) = row.problem() {
            let message = format!("The header cannot be read. {}", problem.message);
            return Err(Rejection::unreadable(message));
        }
        Ok(row.fields().map(|name| name.trim().to_owned()).collect())
    }
}

impl FromIterator<String> for Columns {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

impl From<Vec<String>> for Columns {
    fn from(names: Vec<String>) -> Self {
        Self(names.into())
    }
}

impl From<Columns> for Vec<String> {
    fn from(columns: Columns) -> Self {
        columns.0.to_vec()
    }
}
