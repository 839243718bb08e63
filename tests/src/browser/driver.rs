//! The one chromedriver of a test binary, which starts browsers, and how many of them may be used at once.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use super::Scripts;
use super::session::Session;
use crate::logs::Logs;
use crate::process::Watchdog;

/// How many browsers are used at once: each has some processes, and is one of two cores.
const MOST: usize = 2;

/// How long chromedriver may take to listen.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where chromedriver listens, once it does; `None`, which is said, where it is not installed.
pub(super) fn driver() -> Option<&'static str> {
    static DRIVER: OnceLock<Option<Driver>> = OnceLock::new();
    let driver = DRIVER.get_or_init(Driver::start);
    driver.as_ref().map(|it| &*it.address)
}

#[derive(Debug)]
struct Driver {
    address: String,
    _program: Child,
    // Ends it and every browser when this process ends; what they left goes too.
    _watchdog: Watchdog,
}

impl Driver {
    fn start() -> Option<Self> {
        let directory = TempDir::with_prefix("accolade-browsers-").unwrap().keep();
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").env("TMPDIR", &directory);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(Stdio::null()).process_group(0);
        let Ok(mut program) = command.spawn() else {
            let _ = std::fs::remove_dir(directory);
            skipped("chromedriver");
            return None;
        };
        let watchdog = Watchdog::over_group(program.id(), &directory);
        let logs = Arc::new(Logs::default());
        logs.follow(program.stdout.take().unwrap());
        logs.follow(std::io::empty());
        let port = logs.find(PATIENCE, |line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let port = port.unwrap_or_else(|| panic!("chromedriver:\n{}", logs.text()));
        Some(Self {
            address: format!("http://127.0.0.1:{port}"),
            _program: program,
            _watchdog: watchdog,
        })
    }
}

/// Says that nothing is proved, since `program` is not there.
#[expect(clippy::print_stderr, reason = "says that it proves nothing")]
pub(super) fn skipped(program: &str) {
    eprintln!("skipped: {program} is not there; `.ci/setup tests` installs it");
}

static PLACES: Mutex<Places> = Mutex::new(Places {
    taken: 0,
    idle: Vec::new(),
});
static FREED: Condvar = Condvar::new();

#[derive(Debug)]
struct Places {
    taken: usize,
    /// Browsers that nobody uses, as if they had just been started.
    idle: Vec<Session>,
}

/// The right to have a browser, until it is dropped.
#[derive(Debug)]
pub(super) struct Place;

impl Place {
    /// Waits until there is one; gives a browser for it if one like this is idle.
    pub(super) fn take(scripts: Scripts) -> (Self, Option<Session>) {
        let places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
        let places = FREED.wait_while(places, |places| places.taken >= MOST);
        let mut places = places.unwrap_or_else(PoisonError::into_inner);
        places.taken += 1;
        let like_this = places.idle.iter().position(|it| it.scripts() == scripts);
        let idle = like_this.map(|index| places.idle.swap_remove(index));
        (Self, idle)
    }

    /// Keeps a browser for whoever is next.
    pub(super) fn keep(session: Session) {
        let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
        places.idle.push(session);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        PLACES.lock().unwrap_or_else(PoisonError::into_inner).taken -= 1;
        FREED.notify_one();
    }
}
