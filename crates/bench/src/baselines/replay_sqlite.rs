//! Look-ups on SQLite: readers side by side, each with its statements prepared.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use ron::Value;
use rusqlite::types::Value as Bound;
use rusqlite::{Connection, params_from_iter};

use super::sqlite::beside;
use super::statements::LookUp;

/// Keeps `connections` busy, a thread each, with these look-ups, and tells how many a second.
///
/// # Errors
/// SQLite refuses.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn run(
    file: &Path,
    look_ups: &[LookUp],
    connections: usize,
    duration: Duration,
) -> Result<f64> {
    let bound = look_ups.iter().map(|look_up| {
        let bound = look_up.iter().map(|statement| {
            let values = statement.values.iter().map(bind);
            anyhow::Ok((statement.sql.as_str(), values.collect::<Result<_>>()?))
        });
        bound.collect()
    });
    let bound: Vec<Vec<(&str, Vec<Bound>)>> = bound.collect::<Result<_>>()?;
    let open: Vec<_> = (0..connections)
        .map(|_| reader(file))
        .collect::<Result<_>>()?;
    let done = AtomicUsize::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let threads: Vec<_> = open
            .into_iter()
            .map(|connection| {
                let (bound, done) = (&bound, &done);
                let goes_on = move || begun.elapsed() < duration;
                scope.spawn(move || look_up(&connection, bound, done, goes_on))
            })
            .collect();
        threads.into_iter().try_for_each(|thread| {
            let ended = thread.join();
            ended.map_err(|_| anyhow!("a look-up panicked"))?
        })
    })?;
    Ok(done.into_inner() as f64 / begun.elapsed().as_secs_f64())
}

/// A connection as the server's readers are.
fn reader(file: &Path) -> Result<Connection> {
    let connection = beside(file)?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// What one thread does: look-ups, whose numbers it takes from all, until the time is over.
fn look_up(
    connection: &Connection,
    look_ups: &[Vec<(&str, Vec<Bound>)>],
    done: &AtomicUsize,
    goes_on: impl Fn() -> bool,
) -> Result<()> {
    let mut prepared = HashMap::new();
    for (sql, _) in look_ups.iter().flatten() {
        if !prepared.contains_key(sql) {
            prepared.insert(*sql, connection.prepare(sql)?);
        }
    }
    while goes_on() {
        let number = done.fetch_add(1, Ordering::Relaxed);
        for (sql, values) in &look_ups[number % look_ups.len()] {
            let statement = prepared.get_mut(sql).context("a statement")?;
            let columns = statement.column_count();
            let mut rows = statement.query(params_from_iter(values))?;
            while let Some(row) = rows.next()? {
                // Whoever asks reads what comes.
                for column in 0..columns {
                    std::hint::black_box(row.get_ref(column)?);
                }
            }
        }
    }
    Ok(())
}

/// A value as SQLite takes it.
fn bind(value: &Value) -> Result<Bound> {
    Ok(match value {
        Value::Option(None) => Bound::Null,
        Value::Option(Some(value)) => bind(value)?,
        Value::Bool(value) => Bound::Integer((*value).into()),
        Value::Number(_) => Bound::Integer(value.clone().into_rust()?),
        Value::String(text) => Bound::Text(text.clone()),
        bytes => Bound::Blob(bytes.clone().into_rust()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_bound_as_sqlite_takes_them() {
        let bound = |value: &str| bind(&ron::from_str(value).unwrap()).unwrap();
        assert_eq!(
            bound("1893456000000000"),
            Bound::Integer(1_893_456_000_000_000)
        );
        assert_eq!(bound("Some(true)"), Bound::Integer(1));
        assert_eq!(bound("None"), Bound::Null);
        assert_eq!(bound("[1, 255]"), Bound::Blob(vec![1, 255]));
        assert_eq!(bound("\"x\""), Bound::Text("x".to_owned()));
    }
}
