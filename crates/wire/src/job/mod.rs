//! Jobs: what is asked for and shown of them, and their files: reading their rows, and writing what
//! became of each.
//!
//! A file comes in parts that are cut anywhere. [`Rows`] makes rows of them, and can begin again
//! between any two; [`RowReader`] makes of a row what is to be done; [`ResultWriter`] writes it
//! again with its result. None of them holds more than one part and one row, and nothing in a file
//! ends the reading of it: what is wrong with a row is that row's own. Whoever carries jobs out reads
//! by [`WireFiles`], whoever asks what became of one by a [`ResultsStream`].

pub mod answer;
pub mod query;
pub mod request;

mod columns;
mod files;
mod reader;
mod results;
mod results_stream;
mod rows;
#[cfg(test)]
mod tests;

pub use files::WireFiles;
pub use reader::{Common, RowReader};
pub use results::{ResultWriter, RowResult};
pub use results_stream::{ResultBlock, ResultsStream};
pub use rows::{Columns, FileRow, MAX_ROW, Position, Rows};
