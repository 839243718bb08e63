//! Whether the database can work, and its migrations.

use std::collections::HashSet;

use accolade_application::ports::{Health, NotReady, PoolUsage};
use anyhow::anyhow;
use diesel::migration::{Migration, MigrationSource as _};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_migrations::MigrationHarness as _;

use super::{Connection, DB, HAS_MIGRATIONS, MIGRATIONS, locked};
use crate::migrations::Migrations;
use crate::retry::WorkError;
use crate::schema::__diesel_schema_migrations as applied;
use crate::statement::Statement;
use crate::store::Store;

impl Health for Store<Connection> {
    fn check(&self) -> Result<(), NotReady> {
        match self.reader.read(missing)?.len() {
            0 => Ok(()),
            missing => Err(NotReady::MigrationsMissing(missing)),
        }
    }

    fn pool_usage(&self) -> PoolUsage {
        self.usage()
    }
}

/// The names of the migrations that have not run, oldest first. Only reads: the library's own
/// way would make a table.
fn missing(connection: &mut Connection) -> Result<Vec<String>, WorkError> {
    let any: bool = Statement::<DB, Bool>::new(HAS_MIGRATIONS).get_result(connection)?;
    let applied: HashSet<String> = if any {
        applied::table
            .select(applied::version)
            .load(connection)?
            .into_iter()
            .collect()
    } else {
        HashSet::new()
    };
    let mut all: Vec<Box<dyn Migration<DB>>> = MIGRATIONS
        .migrations()
        .map_err(|error| anyhow!("the migrations cannot be read: {error}"))?;
    all.retain(|it| !applied.contains(&it.name().version().to_string()));
    let mut names: Vec<_> = all.iter().map(|it| it.name().to_string()).collect();
    names.sort_unstable();
    Ok(names)
}

impl Migrations for Store<Connection> {
    fn migrate(&self) -> anyhow::Result<Vec<String>> {
        let mut connection = (self.for_migrations)()?;
        locked(&mut connection, |connection| {
            let names = missing(connection).map_err(|failure| match failure {
                WorkError::Query(error) => error.into(),
                WorkError::Unexpected(error) => error,
                WorkError::Overtaken(what) => anyhow!("{what} could not be read"),
            })?;
            connection
                .run_pending_migrations(MIGRATIONS)
                .map_err(|error| anyhow!("a migration failed: {error}"))?;
            Ok(names)
        })
    }

    fn pending(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.reader.read(missing)?)
    }

    fn revert_last(&self) -> anyhow::Result<String> {
        let mut connection = (self.for_migrations)()?;
        locked(&mut connection, |connection| {
            let version = connection
                .revert_last_migration(MIGRATIONS)
                .map_err(|error| anyhow!("a migration could not be taken back: {error}"))?;
            Ok(version.to_string())
        })
    }
}
