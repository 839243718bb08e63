//! What both databases have, read once more and compared.

use std::thread;

use anyhow::{Context as _, anyhow};
use sha2::{Digest as _, Sha256};

use crate::direct::{DirectConnection, Purpose, number, quoted};
use crate::progress::Progress;
use crate::transfer::tables::{TABLES, Table, spell};

/// A table, on either side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Its name.
    pub table: &'static str,
    /// What the source has.
    pub source: Side,
    /// What the target has.
    pub target: Side,
}

impl Compared {
    /// Whether both have the same.
    pub fn is_equal(&self) -> bool {
        self.source == self.target
    }
}

/// What a database has of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// How many rows, once those are added up that one database keeps in one and another in many.
    pub rows: u64,
    /// SHA-256 of all values, in the order of the key.
    pub digest: [u8; 32],
}

/// How many rows are read between two words of how far it is.
const STEP: u64 = 10_000;

/// Compares all tables.
pub(super) fn compare(
    source: &mut dyn DirectConnection,
    target: &mut dyn DirectConnection,
    progress: &dyn Progress,
) -> anyhow::Result<Vec<Compared>> {
    let mut rows = 0;
    target.within(Purpose::Read, &mut |target| {
        for table in TABLES {
            let count = format!("SELECT count(*) FROM {}", quoted(table.name));
            rows += number(target, &count, &[])?;
        }
        Ok(())
    })?;
    progress.begin("comparing", Some(rows.unsigned_abs() * 2));
    let (source, target) = thread::scope(|scope| {
        let other = scope.spawn(|| sides(source, progress));
        let target = sides(target, progress).context("the target");
        let source = other.join();
        let source = source.map_err(|_| anyhow!("whoever read the source has panicked"));
        (source.and_then(|it| it.context("the source")), target)
    });
    let both = source?.into_iter().zip(target?);
    let compared = TABLES.iter().zip(both);
    Ok(compared
        .map(|(table, (source, target))| Compared {
            table: table.name,
            source,
            target,
        })
        .collect())
}

/// What a database has, table by table.
pub(crate) fn sides(
    connection: &mut dyn DirectConnection,
    progress: &dyn Progress,
) -> anyhow::Result<Vec<Side>> {
    let mut sides = Vec::new();
    connection.within(Purpose::Read, &mut |connection| {
        sides = TABLES
            .iter()
            .map(|table| side(connection, table, progress))
            .collect::<anyhow::Result<_>>()?;
        Ok(())
    })?;
    Ok(sides)
}

fn side(
    connection: &mut dyn DirectConnection,
    table: &Table,
    progress: &dyn Progress,
) -> anyhow::Result<Side> {
    let select = table.select(connection, false);
    let (mut rows, mut hash, mut spelled) = (0, Sha256::new(), Vec::new());
    connection.read(&select, &[], &mut |row| {
        spelled.clear();
        spell(&row, &mut spelled);
        hash.update(&spelled);
        rows += 1;
        if rows % STEP == 0 {
            progress.advance(STEP);
        }
        Ok(())
    })?;
    progress.advance(rows % STEP);
    let digest = hash.finalize().into();
    Ok(Side { rows, digest })
}
