//! Whether the database can work, and its migrations.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use accolade_application::ports::{Health, NotReady, PoolUsage, StoreError};
use anyhow::anyhow;
use diesel::connection::{BoxableConnection, SimpleConnection as _};
use diesel::migration::{
    Migration, MigrationMetadata, MigrationName, MigrationSource, Result as MigrationResult,
};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::Bool;
use diesel_migrations::MigrationHarness as _;

use super::comparable::make_comparable;
use super::stored_texts::normalize_texts;
use super::{
    Connection, DB, HAS_MIGRATIONS, HAS_TRANSFER, MIGRATIONS, MIGRATIONS_AT_ONCE, TRY_TO_WRITE,
    check_writable, locked,
};
use crate::migrations::{MAKES_TEXTS_COMPARABLE, Migrated, Migrations};
use crate::retry::{WorkError, nobody_knows};
use crate::schema::__diesel_schema_migrations as applied;
use crate::statement::Statement;
use crate::store::Store;

impl Health for Store<Connection> {
    fn check(&self) -> Result<(), NotReady> {
        if let Some(file) = &self.file {
            file.check()
                .map_err(|error| NotReady::FileChanged(error.to_string()))?;
        }
        let missing = self.reader.read(|connection| {
            check_writable(connection)?;
            missing(connection)
        });
        match missing.map_err(explain)?.len() {
            0 => self.try_to_write(),
            missing => Err(NotReady::MigrationsMissing(missing)),
        }
    }

    fn pool_usage(&self) -> PoolUsage {
        self.usage()
    }
}

impl Store<Connection> {
    /// Writes if the last write was in vain: a full disk, say, shows in nothing else.
    fn try_to_write(&self) -> Result<(), NotReady> {
        if !self.writer.is_in_doubt() {
            return Ok(());
        }
        let tried = self.writer.write::<_, StoreError>(
            |connection| Ok(connection.batch_execute(TRY_TO_WRITE)?),
            nobody_knows,
        );
        match tried {
            // A role that may not do this alone.
            Ok(()) | Err(StoreError::Unexpected(_)) => Ok(()),
            Err(error) => Err(explain(error)),
        }
    }
}

fn explain(error: StoreError) -> NotReady {
    if let StoreError::Unavailable(cause) = &error
        && let Some(Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _)) =
            cause.downcast_ref()
    {
        return NotReady::ReadOnly;
    }
    error.into()
}

/// The names of the migrations that have not run, oldest first. Only reads: the library's own
/// way would make a table.
pub(in super::super) fn missing(connection: &mut Connection) -> Result<Vec<String>, WorkError> {
    let applied = versions_that_ran(connection)?;
    let mut all = embedded()?;
    all.retain(|it| !applied.contains(&it.name().version().to_string()));
    let mut names: Vec<_> = all.iter().map(|it| it.name().to_string()).collect();
    names.sort_unstable();
    Ok(names)
}

/// The versions of the migrations that have run and that this program does not know, oldest first.
pub(in super::super) fn unknown(connection: &mut Connection) -> Result<Vec<String>, WorkError> {
    let known = embedded()?;
    let known: HashSet<_> = known
        .iter()
        .map(|it| it.name().version().to_string())
        .collect();
    let mut unknown: Vec<_> = versions_that_ran(connection)?
        .difference(&known)
        .cloned()
        .collect();
    unknown.sort_unstable();
    Ok(unknown)
}

/// The versions of the migrations that have run.
fn versions_that_ran(connection: &mut Connection) -> Result<HashSet<String>, WorkError> {
    let any: bool = Statement::<DB, Bool>::new(HAS_MIGRATIONS).get_result(connection)?;
    if !any {
        return Ok(HashSet::new());
    }
    let applied: Vec<String> = applied::table.select(applied::version).load(connection)?;
    Ok(applied.into_iter().collect())
}

/// The migrations of this program.
fn embedded() -> Result<Vec<Box<dyn Migration<DB>>>, WorkError> {
    let all = MIGRATIONS
        .migrations()
        .map_err(|error| anyhow!("the migrations cannot be read: {error}"))?;
    Ok(all)
}

/// The migrations of the files, one of which has steps of the program's behind its SQL; and what
/// those found.
#[derive(Clone, Default)]
struct WithSteps {
    notes: Arc<Mutex<Vec<String>>>,
}

impl MigrationSource<DB> for WithSteps {
    fn migrations(&self) -> MigrationResult<Vec<Box<dyn Migration<DB>>>> {
        let with_step = |sql: Box<dyn Migration<DB>>| -> Box<dyn Migration<DB>> {
            if sql.name().version().to_string() == MAKES_TEXTS_COMPARABLE {
                let notes = Arc::clone(&self.notes);
                Box::new(ComparableTexts { sql, notes })
            } else {
                sql
            }
        };
        Ok(MIGRATIONS
            .migrations()?
            .into_iter()
            .map(with_step)
            .collect())
    }
}

struct ComparableTexts {
    sql: Box<dyn Migration<DB>>,
    notes: Arc<Mutex<Vec<String>>>,
}

impl Migration<DB> for ComparableTexts {
    fn run(&self, connection: &mut dyn BoxableConnection<DB>) -> MigrationResult<()> {
        self.sql.run(connection)?;
        let connection = connection
            .downcast_mut::<Connection>()
            .ok_or("a migration has got another kind of connection")?;
        let mut found = make_comparable(connection)?;
        found.extend(normalize_texts(connection)?);
        *self.notes.lock().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(())
    }

    fn revert(&self, connection: &mut dyn BoxableConnection<DB>) -> MigrationResult<()> {
        self.sql.revert(connection)
    }

    fn metadata(&self) -> &dyn MigrationMetadata {
        self.sql.metadata()
    }

    fn name(&self) -> &dyn MigrationName {
        self.sql.name()
    }
}

impl Migrations for Store<Connection> {
    fn migrate(&self) -> anyhow::Result<Migrated> {
        let mut run = Migrated::default();
        // Who has nothing to do waits for nobody.
        if self.pending()?.is_empty() {
            return Ok(run);
        }
        let mut connection = (self.for_migrations)()?;
        loop {
            let some = locked(&mut connection, self.migration_patience, run_some)?;
            if some.names.is_empty() {
                return Ok(run);
            }
            run.names.extend(some.names);
            run.notes.extend(some.notes);
        }
    }

    fn pending(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.reader.read(missing)?)
    }

    fn unknown(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.reader.read(unknown)?)
    }

    fn is_transfer_unfinished(&self) -> anyhow::Result<bool> {
        Ok(self.reader.query(|connection| {
            Ok(Statement::<DB, Bool>::new(HAS_TRANSFER).get_result(connection)?)
        })?)
    }

    fn revert_last(&self) -> anyhow::Result<String> {
        let mut connection = (self.for_migrations)()?;
        locked(&mut connection, self.migration_patience, |connection| {
            let version = connection
                .revert_last_migration(MIGRATIONS)
                .map_err(|error| anyhow!("a migration could not be taken back: {error}"))?;
            Ok(version.to_string())
        })
    }
}

/// Runs as many of the missing migrations as share a transaction.
fn run_some(connection: &mut Connection) -> anyhow::Result<Migrated> {
    let mut names = missing(connection).map_err(WorkError::into_cause)?;
    names.truncate(MIGRATIONS_AT_ONCE);
    let source = WithSteps::default();
    for name in &names {
        connection
            .run_next_migration(source.clone())
            .map_err(|error| anyhow!("the migration {name} failed: {error}"))?;
    }
    let notes = source.notes.lock();
    let notes = std::mem::take(&mut *notes.unwrap_or_else(PoisonError::into_inner));
    Ok(Migrated { names, notes })
}
