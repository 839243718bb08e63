//! The database that the configuration names, opened: from here on nobody asks which it is.

use std::io::Write as _;
use std::sync::Arc;

use accolade_application::ports::Ports;
use accolade_persistence::{Database, DatabaseUrl as Url, Migrated, Options, Synchronous as Sync};
use anyhow::{Context as _, Result, bail};

use crate::settings::{DatabaseSettings, DatabaseUrl, Environment, Synchronous, load};
use crate::sources::{SystemClock, SystemIds, SystemSecrets};

/// The ports of a command beside the server, on the database that the environment and the files
/// name.
///
/// # Errors
/// As [`load`] and [`open`].
pub(crate) fn of_process() -> Result<Ports> {
    let settings = load(&Environment::of_process()?)?.settings.database;
    let database = open_alone(&settings)?;
    if settings.migrate {
        for note in run_migrations(&database)?.notes {
            // Nobody is left to tell if this fails.
            let _ = writeln!(std::io::stderr(), "note: {note}");
        }
    }
    let missing = database.pending_migrations()?;
    if !missing.is_empty() {
        bail!(
            "the database lacks {}: run `accolade-server migrate`",
            missing.join(", ")
        );
    }
    Ok(ports(database))
}

/// The server's ports. Migrations that are missing are run if the configuration says so, else left
/// to `accolade-server migrate`: until then the server is not ready.
///
/// # Errors
/// The database does not answer, or a migration fails.
pub(crate) fn open(settings: &DatabaseSettings) -> Result<Ports> {
    let database = open_database(settings)?;
    if settings.migrate {
        let Migrated { names, notes } = run_migrations(&database)?;
        for name in names {
            tracing::info!(name, "ran a migration");
        }
        for note in notes {
            tracing::warn!("{note}");
        }
    }
    Ok(ports(database))
}

fn ports(database: Database) -> Ports {
    let clock = Arc::new(SystemClock);
    Ports {
        stores: database.stores,
        clock: clock.clone(),
        ids: Arc::new(SystemIds::new(clock)),
        secrets: Arc::new(SystemSecrets),
    }
}

/// Runs the migrations that are missing.
///
/// # Errors
/// The database does not answer, or a migration fails.
pub(crate) fn migrate(settings: &DatabaseSettings) -> Result<Migrated> {
    run_migrations(&open_alone(settings)?)
}

/// Opens the database for a command, which does one thing at a time.
fn open_alone(settings: &DatabaseSettings) -> Result<Database> {
    open_database(&DatabaseSettings {
        pool_size: 1,
        ..settings.clone()
    })
}

fn run_migrations(database: &Database) -> Result<Migrated> {
    database.migrate().context("migrations")
}

fn open_database(settings: &DatabaseSettings) -> Result<Database> {
    let url = match &settings.url {
        DatabaseUrl::Sqlite(path) => Url::Sqlite(path.clone()),
        DatabaseUrl::Postgres(url) => Url::Postgres(url.reveal().to_owned()),
    };
    let options = Options {
        pool_size: settings.pool_size,
        pool_timeout: settings.pool_timeout,
        connect_timeout: settings.connect_timeout,
        statement_timeout: settings.statement_timeout,
        lock_timeout: settings.lock_timeout,
        synchronous: match settings.synchronous {
            Synchronous::Full => Sync::Full,
            Synchronous::Normal => Sync::Normal,
        },
        ..Options::default()
    };
    accolade_persistence::open(&url, &options).context("database.url")
}
