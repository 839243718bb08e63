//! Rows as the lines of a format.

use accolade_application::error::UseCaseError;
use accolade_application::exports::{ExportedRows, Stretch};
use accolade_application::ports::StoreError;
use accolade_domain::ids::OrgId;
use accolade_domain::zone::Zone;
use anyhow::Context as _;
use serde::Serialize;

use super::csv::CsvLines;
use super::cursor::{Key, cursor};
use super::row::{
    ExportedBadgeBody, ExportedCustomFieldBody, ExportedCustomerBody, ExportedEarnBody,
    ExportedEnrolmentBody, ExportedGroupBody, columns,
};
use super::{ExportKind, Format};

/// What comes before the first row of such an export: of CSV the names of the columns.
///
/// # Errors
/// None that is known.
pub fn header(kind: ExportKind, format: Format) -> Result<Vec<u8>, UseCaseError> {
    let written = || match format {
        Format::Ndjson => Ok(Vec::new()),
        Format::Csv => {
            let mut lines = CsvLines::new(columns(kind));
            lines.add_header()?;
            lines.into_bytes()
        }
    };
    written().map_err(unwritable)
}

/// The lines of the rows in `stretch`, of the org `org` whose zone this is.
///
/// # Errors
/// A part that is stored cannot be written.
pub fn write(
    stretch: &Stretch,
    format: Format,
    org: OrgId,
    zone: &Zone,
) -> Result<Vec<u8>, UseCaseError> {
    let kind = kind_of(&stretch.rows);
    let written = || {
        let mut lines = Lines::new(kind, format);
        let at = Place { kind, org };
        add_all(stretch, &mut lines, at, zone)?;
        lines.into_bytes()
    };
    written().map_err(unwritable)
}

fn unwritable(error: anyhow::Error) -> UseCaseError {
    StoreError::Unexpected(error).into()
}

/// Which export has such rows.
const fn kind_of(rows: &ExportedRows) -> ExportKind {
    match rows {
        ExportedRows::Enrolments(_) => ExportKind::Enrolments,
        ExportedRows::EarnedBadges(_) => ExportKind::EarnedBadges,
        ExportedRows::Badges(_) => ExportKind::Badges,
        ExportedRows::Groups(_) => ExportKind::Groups,
        ExportedRows::CustomFields(_) => ExportKind::CustomFields,
        ExportedRows::Customers(_) => ExportKind::Customers,
    }
}

/// Where rows are, for their cursors.
#[derive(Clone, Copy)]
struct Place {
    kind: ExportKind,
    org: OrgId,
}

impl Place {
    fn cursor(self, key: &impl Key) -> String {
        cursor(self.kind, self.org, key)
    }
}

fn add_all(stretch: &Stretch, lines: &mut Lines, at: Place, zone: &Zone) -> anyhow::Result<()> {
    let now = stretch.now;
    match &stretch.rows {
        ExportedRows::Enrolments(rows) => {
            for row in rows {
                lines.add(&ExportedEnrolmentBody::new(row, now, at.cursor(&row.key)))?;
            }
        }
        ExportedRows::EarnedBadges(rows) => {
            for row in rows {
                lines.add(&ExportedEarnBody::new(row, now, at.cursor(&row.key)))?;
            }
        }
        ExportedRows::Badges(rows) => {
            for row in rows {
                let cursor = at.cursor(&row.badge.id.0);
                lines.add(&ExportedBadgeBody::new(row, zone, cursor)?)?;
            }
        }
        ExportedRows::Groups(rows) => {
            for row in rows {
                lines.add(&ExportedGroupBody::new(row, at.cursor(&row.id.0)))?;
            }
        }
        ExportedRows::CustomFields(rows) => {
            for row in rows {
                lines.add(&ExportedCustomFieldBody::new(row, at.cursor(&row.id.0)))?;
            }
        }
        ExportedRows::Customers(rows) => {
            for row in rows {
                lines.add(&ExportedCustomerBody::new(row, at.cursor(&row.customer)))?;
            }
        }
    }
    Ok(())
}

/// Lines so far.
enum Lines {
    Ndjson(Vec<u8>),
    Csv {
        lines: Box<CsvLines>,
        /// The row that is being written, as JSON.
        row: Vec<u8>,
    },
}

impl Lines {
    fn new(kind: ExportKind, format: Format) -> Self {
        match format {
            Format::Ndjson => Self::Ndjson(Vec::new()),
            Format::Csv => Self::Csv {
                lines: Box::new(CsvLines::new(columns(kind))),
                row: Vec::new(),
            },
        }
    }

    fn add(&mut self, row: &impl Serialize) -> anyhow::Result<()> {
        match self {
            Self::Ndjson(bytes) => {
                serde_json::to_writer(&mut *bytes, row).context("a row")?;
                bytes.push(b'\n');
            }
            Self::Csv { lines, row: json } => {
                json.clear();
                serde_json::to_writer(&mut *json, row).context("a row")?;
                lines.add(json)?;
            }
        }
        Ok(())
    }

    fn into_bytes(self) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Ndjson(bytes) => Ok(bytes),
            Self::Csv { lines, .. } => lines.into_bytes(),
        }
    }
}
