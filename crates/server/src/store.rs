//! The database that the configuration names, opened: from here on nobody asks which it is.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use accolade_application::Turns;
use accolade_application::access::ClientUses;
use accolade_application::approvals::KnownRules;
use accolade_application::jobs::StartedJobs;
use accolade_application::ports::{Clock as _, Ports, WebhookSender};
use accolade_persistence::{
    Backup, Checked, Closing, Compared, Database, Disagreement, Facts, Migrated, Options, Progress,
    Restored, SealingKey, Synchronous as Sync, UNFINISHED,
};
use accolade_wire::job::WireFiles;
use anyhow::{Context as _, Result, anyhow, bail};
use prometheus::Registry;

use crate::cli::show_warnings;
use crate::lock::FileLock;
use crate::settings::{DatabaseSettings, DatabaseUrl, Environment, Settings, Synchronous, load};
use crate::sources::{NoReceivers, SystemClock, SystemIds, SystemSecrets};

/// How long to wait at the end for those who still use the database, who have had the time of a
/// request already.
const PATIENCE: Duration = Duration::from_secs(5);

/// The ports of an open database, which is closed in order when this value goes.
pub(crate) struct Store {
    // Goes first: whoever uses the ports has gone by then.
    pub(crate) ports: Ports,
    _closing: Closing,
}

impl Deref for Store {
    type Target = Ports;

    fn deref(&self) -> &Ports {
        &self.ports
    }
}

impl Store {
    fn new(database: Database, closing: Closing, receivers: Arc<dyn WebhookSender>) -> Self {
        let clock = Arc::new(SystemClock);
        Self {
            ports: Ports {
                stores: database.stores.into(),
                clock: clock.clone(),
                ids: Arc::new(SystemIds::new(clock)),
                secrets: Arc::new(SystemSecrets),
                receivers,
                files: Arc::new(WireFiles),
                turns: Turns::default(),
                uses: ClientUses::default(),
                started_jobs: StartedJobs::default(),
                rules: KnownRules::default(),
            },
            _closing: closing,
        }
    }
}

/// The ports of a command beside the server, on the database that the environment and the files
/// name.
///
/// # Errors
/// As [`load`] and [`open`].
pub(crate) fn of_process() -> Result<Store> {
    show_warnings()?;
    let settings = load(&Environment::of_process()?)?.settings;
    let (closing, database) = open_alone(&settings)?;
    if settings.database.migrate {
        for note in run_migrations(&database)?.notes {
            tracing::warn!("{note}");
        }
    }
    check_whole(&database)?;
    let missing = database.pending_migrations()?;
    if !missing.is_empty() {
        bail!(
            "the database lacks {}: run `accolade-server migrate`",
            missing.join(", ")
        );
    }
    Ok(Store::new(database, closing, Arc::new(NoReceivers)))
}

/// The server's ports, with so many connections beside those of requests; what is counted of them is
/// shown in `metrics`. Migrations that are missing are run if the configuration says so, else left to
/// `accolade-server migrate`: until then the server is not ready.
///
/// # Errors
/// The database does not answer, or a migration fails.
pub(crate) fn open(
    settings: &Settings,
    receivers: Arc<dyn WebhookSender>,
    more_connections: u32,
    metrics: &Registry,
) -> Result<Store> {
    let connections = settings.database.pool_size + more_connections;
    let (closing, database) = open_database(settings, connections)?;
    database.show_metrics(metrics)?;
    check_whole(&database)?;
    if settings.database.migrate {
        let Migrated { names, notes } = run_migrations(&database)?;
        for name in names {
            tracing::info!(name, "ran a migration");
        }
        for note in notes {
            tracing::warn!("{note}");
        }
    }
    Ok(Store::new(database, closing, receivers))
}

/// Runs the migrations that are missing.
///
/// # Errors
/// The database does not answer, or a migration fails.
pub(crate) fn migrate(settings: &Settings) -> Result<Migrated> {
    show_warnings()?;
    let (_closing, database) = open_alone(settings)?;
    run_migrations(&database)
}

/// What the database says of itself; nothing is changed.
///
/// # Errors
/// It does not answer.
pub(crate) fn facts(settings: &Settings) -> Result<Facts> {
    let url = settings.database.url.to_open();
    let options = options(settings, 1);
    accolade_persistence::facts(&url, &options, &SystemClock).context("database.url")
}

/// The ports on the database as it is, and the names of the migrations that it lacks: none is run.
///
/// # Errors
/// It does not answer.
pub(crate) fn as_it_is(settings: &Settings) -> Result<(Store, Vec<String>)> {
    let (closing, database) = open_alone(settings)?;
    let missing = database.pending_migrations()?;
    let store = Store::new(database, closing, Arc::new(NoReceivers));
    Ok((store, missing))
}

/// Copies the database into a new file at `to`, while a server may use it.
///
/// # Errors
/// As [`accolade_persistence::backup`].
pub(crate) fn backup(
    settings: &DatabaseSettings,
    to: &Path,
    progress: &dyn Progress,
) -> Result<Backup> {
    show_warnings()?;
    accolade_persistence::backup(&settings.url.to_open(), to, progress)
}

/// Makes the empty database what the copy at `from` is.
///
/// # Errors
/// As [`accolade_persistence::restore`], or a server runs on the file.
pub(crate) fn restore(
    settings: &DatabaseSettings,
    from: &Path,
    progress: &dyn Progress,
) -> Result<Restored> {
    show_warnings()?;
    let _lock = lock_file(&settings.url).context("database.url")?;
    accolade_persistence::restore(from, &settings.url.to_open(), progress)
}

/// Reads all of the database, and tells `found` of what disagrees.
///
/// # Errors
/// As [`accolade_persistence::verify`].
pub(crate) fn verify(
    settings: &Settings,
    progress: &dyn Progress,
    found: &mut dyn FnMut(Disagreement),
) -> Result<Vec<Checked>> {
    show_warnings()?;
    let url = settings.database.url.to_open();
    let options = options(settings, 1);
    accolade_persistence::verify(&url, &options, SystemClock.now(), progress, found)
        .context("database.url")
}

/// Moves the database at `from` into the one at `to`.
///
/// # Errors
/// As [`accolade_persistence::transfer`], or a server runs on a file.
pub(crate) fn transfer(
    from: &DatabaseUrl,
    to: &DatabaseUrl,
    progress: &dyn Progress,
) -> Result<Vec<Compared>> {
    show_warnings()?;
    // The lock is beside the file, and would be there without one.
    if from.file().is_some_and(|file| !file.is_file()) {
        bail!("the source: it names a file that is not there");
    }
    let _source = lock_file(from).context("the source")?;
    let _target = lock_file(to).context("the target")?;
    let options = Options {
        pool_size: 1,
        ..Options::default()
    };
    accolade_persistence::transfer(&from.to_open(), &to.to_open(), &options, progress)
}

/// The lock of the database, if it is a file.
fn lock_file(url: &DatabaseUrl) -> Result<Option<FileLock>> {
    url.file().map(FileLock::take).transpose()
}

/// Whether the database has all that it is to have.
///
/// # Errors
/// It is the target of a transfer that has not ended.
fn check_whole(database: &Database) -> Result<()> {
    if database.is_transfer_unfinished()? {
        return Err(anyhow!(UNFINISHED).context("database.url"));
    }
    Ok(())
}

/// Opens the database for a command, which does one thing at a time.
fn open_alone(settings: &Settings) -> Result<(Closing, Database)> {
    open_database(settings, 1)
}

fn run_migrations(database: &Database) -> Result<Migrated> {
    database.migrate().context("migrations")
}

/// The database, and before it what closes it: of a pair that is taken apart the second goes first.
fn open_database(settings: &Settings, connections: u32) -> Result<(Closing, Database)> {
    let options = options(settings, connections);
    let url = settings.database.url.to_open();
    let database = accolade_persistence::open(&url, &options).context("database.url")?;
    Ok((database.closing(PATIENCE), database))
}

/// How the database is used, by so many connections.
fn options(settings: &Settings, connections: u32) -> Options {
    let secrets_key = settings.secrets.key.as_ref();
    let settings = &settings.database;
    Options {
        pool_size: connections,
        pool_timeout: settings.pool_timeout,
        connect_timeout: settings.connect_timeout,
        statement_timeout: settings.statement_timeout,
        lock_timeout: settings.lock_timeout,
        synchronous: match settings.synchronous {
            Synchronous::Full => Sync::Full,
            Synchronous::Normal => Sync::Normal,
        },
        secrets_key: secrets_key.map(|key| SealingKey(key.bytes())),
        ..Options::default()
    }
}
