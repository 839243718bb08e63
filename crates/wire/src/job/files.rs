//! The files of jobs, as those read them who carry jobs out.

use accolade_application::ports::{FilePlace, JobFile, JobFiles, JobRow};
use accolade_domain::job::{JobFormat, JobSettings};
use accolade_domain::rejection::Rejection;
use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::reader::{Common, RowReader};
use super::rows::{Columns, Position, Rows};

/// Reads CSV and NDJSON.
#[derive(Debug, Clone, Copy, Default)]
pub struct WireFiles;

/// What a reader must know to go on, beside part and offset.
#[derive(Serialize, Deserialize)]
struct Reading {
    line: u64,
    distrusted: u32,
    columns: Option<Columns>,
}

struct WireFile {
    settings: JobSettings,
    rows: Rows,
    /// Made once the columns are known.
    reader: Option<RowReader>,
    /// Whether it is known that there can be none.
    is_unreadable: bool,
}

impl JobFiles for WireFiles {
    fn open(
        &self,
        settings: &JobSettings,
        place: &FilePlace,
    ) -> Result<Box<dyn JobFile>, anyhow::Error> {
        let rows = if place.part == 0 {
            Rows::new(settings.format)
        } else {
            let reading: Reading =
                serde_json::from_str(&place.reading).context("a place in a file")?;
            let position = Position {
                part: place.part,
                offset: place.offset,
                line: reading.line,
                distrusted: reading.distrusted,
            };
            Rows::resume(settings.format, reading.columns, position)
        };
        Ok(Box::new(WireFile {
            settings: settings.clone(),
            rows,
            reader: None,
            is_unreadable: false,
        }))
    }
}

impl WireFile {
    /// The reader; `None` if more must be fed before there is one.
    fn made(&mut self) -> Result<Option<RowReader>, Vec<Rejection>> {
        let common = Common {
            badge: self.settings.badge,
            event_on: self.settings.event_on,
            triggered_by: self.settings.triggered_by.clone(),
        };
        let operation = self.settings.operation;
        match self.settings.format {
            JobFormat::Ndjson => Ok(Some(RowReader::ndjson(operation, common))),
            JobFormat::Csv => match self.rows.columns() {
                Ok(None) => Ok(None),
                Ok(Some(columns)) => RowReader::csv(operation, common, columns).map(Some),
                Err(problem) => Err(vec![problem]),
            },
        }
    }
}

impl JobFile for WireFile {
    fn feed(&mut self, part: &[u8]) {
        self.rows.feed(part);
    }

    fn finish(&mut self) {
        self.rows.finish();
    }

    fn check(&mut self) -> Option<Result<(), Vec<Rejection>>> {
        match self.made() {
            Ok(None) => None,
            Ok(Some(reader)) => {
                self.reader = Some(reader);
                Some(Ok(()))
            }
            Err(problems) => {
                self.is_unreadable = true;
                Some(Err(problems))
            }
        }
    }

    fn next_row(&mut self) -> Option<JobRow> {
        if self.reader.is_none() {
            if self.is_unreadable {
                return None;
            }
            self.check()?.ok()?;
        }
        let reader = self.reader.as_mut()?;
        let row = self.rows.next_row()?;
        Some(JobRow {
            line: row.line(),
            action: reader.read(&row),
        })
    }

    fn place(&self) -> FilePlace {
        let position = self.rows.position();
        let reading = Reading {
            line: position.line,
            distrusted: position.distrusted,
            columns: self.reader.as_ref().and_then(RowReader::columns).cloned(),
        };
        FilePlace {
            part: position.part,
            offset: position.offset,
            // Numbers and texts can always be written.
            reading: serde_json::to_string(&reading).unwrap_or_default(),
        }
    }
}
