//! Files of jobs: the rows are the same however the file is cut into parts.

use accolade_domain::job::JobFormat;
use accolade_domain::job::JobOperation;
use accolade_wire::job::{Common, RowReader, Rows};

use crate::fuzz::{Verdict, agree};

pub(super) fn check(file: &[u8]) -> Verdict {
    for format in JobFormat::ALL {
        let whole = rows(*format, &[file])?;
        for size in [1, 7, 64] {
            let parts: Vec<_> = file.chunks(size).collect();
            agree("rows", &rows(*format, &parts)?, &whole)?;
        }
    }
    Ok(())
}

/// Every row of the file, as each operation reads it.
fn rows(format: JobFormat, parts: &[&[u8]]) -> Result<Vec<String>, String> {
    let mut rows = Rows::new(format);
    let mut read = Vec::new();
    for part in parts {
        rows.feed(part);
        take(format, &mut rows, &mut read)?;
    }
    rows.finish();
    take(format, &mut rows, &mut read)?;
    Ok(read)
}

fn take(format: JobFormat, rows: &mut Rows, read: &mut Vec<String>) -> Result<(), String> {
    let columns = match rows.columns() {
        Ok(columns) => columns.cloned(),
        Err(problem) => {
            let told = problem.to_string();
            if read.last() != Some(&told) {
                read.push(told);
            }
            return Ok(());
        }
    };
    let mut readers: Vec<_> = JobOperation::ALL
        .iter()
        .filter_map(|operation| match (format, &columns) {
            (JobFormat::Ndjson, _) => Some(RowReader::ndjson(*operation, Common::default())),
            (JobFormat::Csv, Some(columns)) => {
                RowReader::csv(*operation, Common::default(), columns).ok()
            }
            (JobFormat::Csv, None) => None,
        })
        .collect();
    let mut last = 0;
    while let Some(row) = rows.next_row() {
        if row.line() < last {
            return Err(format!("line {} behind line {last}", row.line()));
        }
        last = row.line();
        let actions: Vec<_> = readers.iter_mut().map(|reader| reader.read(&row)).collect();
        read.push(format!("{} {} {actions:?}", row.line(), row.text()));
    }
    Ok(())
}
