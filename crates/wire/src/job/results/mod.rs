//! The rows of a job with what became of each.
//!
//! In CSV the columns of the file stand behind those of the result, under their own names; in NDJSON
//! the row is the field `row`: an object, or the text of a row that is none. The rows of an NDJSON
//! file have one column in CSV, `row`, with their text.

mod csv;

use std::borrow::Cow;
use std::collections::HashSet;

use accolade_domain::job::{JobFormat, RowStatus};
use accolade_domain::rejection::Rejection;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::rows::{Columns, FileRow};
use crate::json;
use csv::CsvLine;

/// The columns before those of the file.
const OF_RESULT: [&str; 5] = ["line", "status", "id", "code", "message"];

/// The column, or field, of the row itself.
const ROW: &str = "row";

/// What became of a row.
#[derive(Debug, Clone, Copy)]
pub struct RowResult<'a> {
    /// What became of it.
    pub status: RowStatus,
    /// The id of what was recorded, or stands in the way.
    pub id: Option<&'a str>,
    /// Why it was refused, or cannot be read.
    pub rejection: Option<&'a Rejection>,
}

impl<'a> RowResult<'a> {
    fn code(&self) -> Option<u32> {
        Some(self.rejection?.code.number())
    }

    /// What is said of it, with the name of the field that it is said of.
    fn message(&self) -> Option<Cow<'a, str>> {
        let rejection = self.rejection?;
        let message = &rejection.message;
        Some(match &rejection.field {
            Some(field) => format!("{field}: {message}").into(),
            None => message.into(),
        })
    }
}

/// Writes rows with their results.
#[derive(Debug)]
pub struct ResultWriter {
    format: JobFormat,
    /// The columns of a CSV file.
    columns: Option<Columns>,
    /// Which of them are the first of their name.
    first_of_name: Vec<bool>,
    line: CsvLine,
}

impl ResultWriter {
    /// Writes in `format` the rows of a file, which has `columns` if it is CSV.
    pub fn new(columns: Option<&Columns>, format: JobFormat) -> Self {
        let names = columns.map(Columns::names).unwrap_or_default();
        let mut seen = HashSet::new();
        Self {
            format,
            columns: columns.cloned(),
            first_of_name: names.iter().map(|name| seen.insert(name)).collect(),
            line: CsvLine::default(),
        }
    }

    /// Writes what stands before the first row.
    pub fn begin(&mut self, out: &mut Vec<u8>) {
        if self.format == JobFormat::Ndjson {
            return;
        }
        for name in OF_RESULT {
            self.line.push(out, name);
        }
        match &self.columns {
            Some(columns) => {
                for name in columns.names() {
                    self.line.push(out, name);
                }
            }
            None => self.line.push(out, ROW),
        }
        self.line.end(out);
    }

    /// Writes `row` and its `result`.
    pub fn write(&mut self, out: &mut Vec<u8>, row: &FileRow<'_>, result: &RowResult<'_>) {
        match self.format {
            JobFormat::Csv => self.write_csv(out, row, result),
            JobFormat::Ndjson => self.write_json(out, row, result),
        }
    }

    /// A row that has more fields than the file has columns ends with its last column here, too.
    fn write_csv(&mut self, out: &mut Vec<u8>, row: &FileRow<'_>, result: &RowResult<'_>) {
        let line = &mut self.line;
        line.push(out, &row.line().to_string());
        line.push(out, result.status.name());
        line.push(out, result.id.unwrap_or_default());
        let code = result.code().map(|code| code.to_string());
        line.push(out, &code.unwrap_or_default());
        line.push(out, &result.message().unwrap_or_default());
        match &self.columns {
            Some(columns) => {
                let mut fields = row.fields();
                for _ in columns.names() {
                    line.push(out, &fields.next().unwrap_or_default());
                }
            }
            None => line.push(out, &row.text()),
        }
        line.end(out);
    }

    fn write_json(&self, out: &mut Vec<u8>, row: &FileRow<'_>, result: &RowResult<'_>) {
        let line = JsonLine {
            line: row.line(),
            status: result.status.name(),
            id: result.id,
            code: result.code(),
            message: result.message(),
            row: ShownRow { row, writer: self },
        };
        // A vector takes all that is written, and every key is a text.
        if serde_json::to_writer(&mut *out, &line).is_ok() {
            out.push(b'\n');
        }
    }
}

#[derive(serde::Serialize)]
struct JsonLine<'a> {
    line: u64,
    status: &'static str,
    id: Option<&'a str>,
    code: Option<u32>,
    message: Option<Cow<'a, str>>,
    row: ShownRow<'a>,
}

/// A row as JSON.
struct ShownRow<'a> {
    row: &'a FileRow<'a>,
    writer: &'a ResultWriter,
}

impl Serialize for ShownRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { row, writer } = self;
        let text = row.text();
        match &writer.columns {
            Some(columns) if row.problem().is_none() => {
                let mut object = serializer.serialize_map(None)?;
                let cells = columns.names().iter().zip(row.fields());
                for ((name, cell), is_first) in cells.zip(&writer.first_of_name) {
                    if *is_first {
                        object.serialize_entry(name, &cell)?;
                    }
                }
                object.end()
            }
            None if row.problem().is_none() => match json::object_in(&text) {
                Some(object) => object.serialize(serializer),
                None => text.serialize(serializer),
            },
            _ => text.serialize(serializer),
        }
    }
}
