//! What became of the rows of a job, written block by block.

use std::collections::VecDeque;

use accolade_application::jobs::JobResults;
use accolade_application::ports::StoreError;
use accolade_domain::job::{JobFormat, RowOutcome, RowStatus};

use super::results::{ResultWriter, RowResult};
use super::rows::{FileRow, Rows};

/// How many bytes end a block.
const BLOCK: usize = 64 * 1024;

/// How many rows end a block, shown or not: who asks for one waits for no more.
const MOST_ROWS: u32 = 20_000;

/// Some lines of results.
#[derive(Debug, Default)]
pub struct ResultBlock {
    /// The lines; none where none of many rows is asked for.
    pub text: Vec<u8>,
    /// Of how many rows they are.
    pub rows: usize,
}

/// What became of the rows of a job, in the order of the file. Holds one part of the file and the
/// outcomes of one chunk, wherever it is.
#[derive(Debug)]
pub struct ResultsStream {
    results: JobResults,
    only: Option<RowStatus>,
    format: JobFormat,
    rows: Rows,
    is_fed: bool,
    /// Made once the columns are known.
    writer: Option<ResultWriter>,
    outcomes: VecDeque<RowOutcome>,
    /// Whether the rows that come have no outcomes.
    is_unprocessed: bool,
    block: ResultBlock,
    has_ended: bool,
}

impl ResultsStream {
    /// Those of `results`, in `format`; of rows with one status only, if one is asked for.
    pub fn new(results: JobResults, format: JobFormat, only: Option<RowStatus>) -> Self {
        Self {
            rows: Rows::new(results.job.settings.format),
            results,
            only,
            format,
            is_fed: false,
            writer: None,
            outcomes: VecDeque::new(),
            is_unprocessed: false,
            block: ResultBlock::default(),
            has_ended: false,
        }
    }

    /// The next block; `None` at the end.
    ///
    /// # Errors
    /// The store failed: the same block can be asked for again.
    pub fn next_block(&mut self) -> Result<Option<ResultBlock>, StoreError> {
        let mut rows = 0;
        while !self.has_ended && self.block.text.len() < BLOCK && rows < MOST_ROWS {
            self.outcome()?;
            if self.write_row() {
                rows += 1;
            } else if self.is_fed {
                self.has_ended = true;
            } else {
                self.feed()?;
            }
        }
        if self.block.text.is_empty() && self.has_ended {
            return Ok(None);
        }
        Ok(Some(std::mem::take(&mut self.block)))
    }

    /// Has the outcome of the next row ready, if it has one.
    fn outcome(&mut self) -> Result<(), StoreError> {
        if self.outcomes.is_empty() && !self.is_unprocessed {
            match self.results.next_outcomes()? {
                Some(outcomes) => self.outcomes = outcomes.into(),
                None => self.is_unprocessed = true,
            }
        }
        Ok(())
    }

    fn feed(&mut self) -> Result<(), StoreError> {
        if let Some(part) = self.results.next_part()? {
            self.rows.feed(&part);
        } else {
            self.rows.finish();
            self.is_fed = true;
        }
        Ok(())
    }

    /// Writes the next row; `false` if there is none in what was fed.
    fn write_row(&mut self) -> bool {
        if self.writer.is_none() {
            let columns = match self.results.job.settings.format {
                JobFormat::Ndjson => None,
                JobFormat::Csv => match self.rows.columns() {
                    Ok(Some(columns)) => Some(columns),
                    Ok(None) | Err(_) => return false,
                },
            };
            let mut writer = ResultWriter::new(columns, self.format);
            writer.begin(&mut self.block.text);
            self.writer = Some(writer);
        }
        let (Some(writer), Some(row)) = (&mut self.writer, self.rows.next_row()) else {
            return false;
        };
        let outcome = self.outcomes.pop_front();
        let status = outcome
            .as_ref()
            .map_or(RowStatus::Unprocessed, RowOutcome::status);
        if self.only.is_none_or(|only| only == status) {
            write(writer, &mut self.block.text, &row, outcome.as_ref(), status);
            self.block.rows += 1;
        }
        true
    }
}

fn write(
    writer: &mut ResultWriter,
    block: &mut Vec<u8>,
    row: &FileRow<'_>,
    outcome: Option<&RowOutcome>,
    status: RowStatus,
) {
    let id = outcome.and_then(RowOutcome::id).map(|id| id.to_string());
    let result = RowResult {
        status,
        id: id.as_deref(),
        rejection: outcome.and_then(RowOutcome::rejection),
    };
    writer.write(block, row, &result);
}
