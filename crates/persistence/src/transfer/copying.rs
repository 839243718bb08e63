//! One table, from one database to the other: a thread reads, while this one writes.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use anyhow::{anyhow, bail};

use crate::direct::{DirectConnection, Purpose, Row, Value, number, quoted};
use crate::progress::Progress;
use crate::transfer::progress;
use crate::transfer::tables::Table;

/// How many rows go from one thread to the other at a time, unless they are long.
const ROWS: usize = 4_000;

/// From how many bytes on they are.
const BYTES: usize = 1024 * 1024;

/// How many such parts wait to be written.
const WAITING: usize = 4;

/// After how many rows, or bytes, what was written is committed: whoever goes on later begins there.
const COMMITTED_ROWS: usize = 200_000;
const COMMITTED_BYTES: usize = 64 * 1024 * 1024;

/// What a reader hands over.
enum Part {
    Rows {
        rows: Vec<Row>,
        bytes: usize,
    },
    /// There are no more.
    End,
}

/// Copies what the target lacks of `table`, whose last rows, if any, are the source's rows up to there.
pub(super) fn copy(
    source: &mut dyn DirectConnection,
    target: &mut dyn DirectConnection,
    table: &Table,
    progress: &dyn Progress,
) -> anyhow::Result<()> {
    let rows = count(source, table)?;
    progress.begin(table.name, Some(rows));
    let mut last = None;
    if !table.is_written_at_once() {
        target.within(Purpose::Read, &mut |target| {
            last = last_key(target, table)?;
            if last.is_some() {
                progress.advance(count(target, table)?);
            }
            Ok(())
        })?;
    }
    let (send, receive) = sync_channel(WAITING);
    thread::scope(|scope| {
        let reading = scope.spawn(move || read(source, table, last.as_deref(), &send));
        let written = write(target, table, &receive, progress);
        // Whoever reads for nobody ends.
        drop(receive);
        let read = reading.join();
        match (written, read) {
            (Ok(()), _) => Ok(()),
            // That nothing more came is only what followed.
            (Err(_), Ok(Err(ReadError::Failed(cause)))) | (Err(cause), Ok(_)) => Err(cause),
            (Err(_), Err(_)) => bail!("whoever read it has panicked"),
        }
    })
}

fn count(connection: &mut dyn DirectConnection, table: &Table) -> anyhow::Result<u64> {
    let count = format!("SELECT count(*) FROM {}", quoted(table.name));
    Ok(number(connection, &count, &[])?.unsigned_abs())
}

/// The key of the last row that is there.
fn last_key(
    connection: &mut dyn DirectConnection,
    table: &Table,
) -> anyhow::Result<Option<Vec<Value>>> {
    let select = table.select_last_key(connection);
    let mut last = None;
    connection.read(&select, &[], &mut |row| {
        last = Some(row.0);
        Ok(())
    })?;
    Ok(last)
}

/// Why reading ended before its end.
enum ReadError {
    /// Nobody wants more.
    Unwanted,
    Failed(anyhow::Error),
}

fn read(
    source: &mut dyn DirectConnection,
    table: &Table,
    behind: Option<&[Value]>,
    send: &SyncSender<Part>,
) -> Result<(), ReadError> {
    let select = table.select(source, behind.is_some());
    let (mut rows, mut bytes) = (Vec::with_capacity(ROWS), 0);
    let mut is_wanted = true;
    let result = source.read(&select, behind.unwrap_or_default(), &mut |row| {
        bytes += row.size();
        rows.push(row);
        if rows.len() >= ROWS || bytes >= BYTES {
            let rows = std::mem::replace(&mut rows, Vec::with_capacity(ROWS));
            let part = Part::Rows { rows, bytes };
            bytes = 0;
            is_wanted = send.send(part).is_ok();
            if !is_wanted {
                bail!("nobody wants more rows");
            }
        }
        Ok(())
    });
    if !is_wanted {
        return Err(ReadError::Unwanted);
    }
    result.map_err(ReadError::Failed)?;
    let last = Part::Rows { rows, bytes };
    let ended = send.send(last).and_then(|()| send.send(Part::End));
    ended.map_err(|_| ReadError::Unwanted)
}

fn write(
    target: &mut dyn DirectConnection,
    table: &Table,
    receive: &Receiver<Part>,
    progress: &dyn Progress,
) -> anyhow::Result<()> {
    let mut is_done = false;
    while !is_done {
        let mut written = 0;
        target.within(Purpose::Write, &mut |target| {
            let mut size = 0;
            loop {
                let part = receive.recv();
                match part.map_err(|_| anyhow!("whoever read it has ended"))? {
                    Part::Rows { rows, bytes } => {
                        target.insert(table, &rows)?;
                        written += rows.len();
                        size += bytes;
                        progress.advance(rows.len() as u64);
                    }
                    Part::End => {
                        progress::finish(target, table.name)?;
                        is_done = true;
                        return Ok(());
                    }
                }
                let is_full = written >= COMMITTED_ROWS || size >= COMMITTED_BYTES;
                if is_full && !table.is_written_at_once() {
                    return Ok(());
                }
            }
        })?;
    }
    Ok(())
}
