//! The directory that a cluster lives in, and its supervisor: the shell script that starts
//! the server and stops it when nobody holds the users' lock any more.
//!
//! ```text
//! <directory>/users            locked (shared) by every process that uses the cluster
//! <directory>/cluster/lock     locked by the supervisor while it lives
//! <directory>/cluster/url      there while the server is ready
//! <directory>/cluster/log      what initdb and the server said
//! <directory>/cluster/data     the data directory
//! ```

use std::fs::{File, TryLockError};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::{APP_ROLE, Options, binaries};

/// How long a server may take to become ready; creating a cluster on a busy machine is slow.
const START_TIMEOUT: Duration = Duration::from_mins(2);
/// How often the start is tried when another program takes the port first.
const START_ATTEMPTS: usize = 3;
/// How often the supervisor looks for users, each second.
const TICKS_PER_SECOND: u64 = 5;

/// A directory prepared to hold a cluster.
pub(crate) struct Home {
    directory: PathBuf,
    server_user: Option<ServerUser>,
}

impl Home {
    /// Prepares `directory`, which exists and belongs to this user.
    pub(crate) fn prepare(directory: &Path) -> Result<Self> {
        let home = Self {
            directory: directory.to_owned(),
            server_user: ServerUser::find()?,
        };
        let cluster = home.cluster();
        match std::fs::create_dir(&cluster) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(error).with_context(|| format!("{} cannot be made", cluster.display()));
            }
        }
        std::fs::set_permissions(&cluster, std::fs::Permissions::from_mode(0o700))?;
        if let Some(user) = &home.server_user {
            // The server's user has to reach what belongs to it.
            std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755))?;
            chown(&cluster, Some(user.uid), Some(user.gid))?;
        }
        Ok(home)
    }

    /// Says that this process uses the cluster, until the lock is dropped. Waits while a
    /// cluster that nobody used is being stopped.
    pub(crate) fn use_it(&self) -> Result<File> {
        let file = lock_file(&self.directory.join("users"))?;
        uninterrupted(|| file.lock_shared())?;
        Ok(file)
    }

    /// The URL of the running server, if there is one: waits while one is starting.
    /// The caller holds the users' lock, so a server that runs goes on running.
    pub(crate) fn running(&self) -> Result<Option<String>> {
        let Ok(supervisor) = File::open(self.cluster().join("lock")) else {
            return Ok(None);
        };
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            match supervisor.try_lock_shared() {
                Ok(()) => return Ok(None),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
            if let Some(url) = self.url() {
                return Ok(Some(url));
            }
            if Instant::now() > deadline {
                bail!(
                    "the PostgreSQL in {} does not become ready",
                    self.directory.display()
                );
            }
            pause();
        }
    }

    /// Starts a server and waits until it is ready. The caller holds the users' lock.
    pub(crate) fn start(&self, options: &Options, linger: Duration) -> Result<(String, Child)> {
        let binaries = binaries::server()?;
        for _ in 0..START_ATTEMPTS {
            // A supervisor that was killed leaves its URL behind.
            if let Err(error) = std::fs::remove_file(self.cluster().join("url"))
                && error.kind() != std::io::ErrorKind::NotFound
            {
                return Err(error.into());
            }
            let supervisor = self.spawn(&binaries, options, linger)?;
            if let Some(started) = self.await_ready(supervisor)? {
                return Ok(started);
            }
            if !self.log().contains("Address already in use") {
                break;
            }
        }
        bail!(
            "PostgreSQL did not start in {}; it said:\n{}",
            self.directory.display(),
            last_lines(&self.log(), 15)
        );
    }

    fn spawn(&self, binaries: &Path, options: &Options, linger: Duration) -> Result<Child> {
        // Appended to, so that the supervisor, which empties it, and its children agree.
        let log = File::options()
            .append(true)
            .create(true)
            .open(self.directory.join("supervisor.log"))?;
        let mut command = Command::new("sh");
        command
            .args(["-c", include_str!("supervisor.sh"), "supervisor"])
            .args(options.server_arguments())
            .env("BIN", binaries)
            .env("HOME_DIR", self.cluster())
            .env("USERS", self.directory.join("users"))
            .env("LINGER", (linger.as_secs() * TICKS_PER_SECOND).to_string())
            .env("PORT", free_port()?.to_string())
            .env("APP_ROLE", APP_ROLE)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Outside the group that an interrupt at the terminal or a test runner ends.
            .process_group(0);
        if let Some(user) = &self.server_user {
            command.uid(user.uid).gid(user.gid);
        }
        command
            .spawn()
            .context("the supervisor of the throw-away PostgreSQL could not be started")
    }

    fn await_ready(&self, mut supervisor: Child) -> Result<Option<(String, Child)>> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            if supervisor.try_wait()?.is_some() {
                return Ok(None);
            }
            if let Some(url) = self.url() {
                return Ok(Some((url, supervisor)));
            }
            if Instant::now() > deadline {
                // The supervisor ends by itself when our lock goes.
                bail!(
                    "PostgreSQL did not become ready within {} seconds",
                    START_TIMEOUT.as_secs()
                );
            }
            pause();
        }
    }

    fn url(&self) -> Option<String> {
        std::fs::read_to_string(self.cluster().join("url")).ok()
    }

    fn log(&self) -> String {
        let read = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default();
        read(self.directory.join("supervisor.log")) + &read(self.cluster().join("log"))
    }

    fn cluster(&self) -> PathBuf {
        self.directory.join("cluster")
    }
}

/// Removes what clusters left behind in `parent` whose owners were killed. The supervisor
/// has stopped the server, but cannot remove a directory that is not its user's.
pub(crate) fn remove_abandoned(parent: &Path, prefix: &str) {
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(prefix) && is_abandoned(&entry.path()) {
            // What cannot be removed is somebody else's.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether there was a supervisor, and neither it nor a user is left.
fn is_abandoned(directory: &Path) -> bool {
    ["cluster/lock", "users"]
        .iter()
        .all(|name| File::open(directory.join(name)).is_ok_and(|file| file.try_lock().is_ok()))
}

/// Opens a file that exists only to be locked, and never to be removed: a lock on a removed
/// file excludes nobody.
pub(crate) fn lock_file(path: &Path) -> Result<File> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .with_context(|| format!("{} cannot be opened", path.display()))
}

/// Takes a lock, again when a signal interrupted the wait.
pub(crate) fn uninterrupted(mut lock: impl FnMut() -> std::io::Result<()>) -> Result<()> {
    loop {
        match lock() {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            result => return result.context("a lock file cannot be locked"),
        }
    }
}

/// The unprivileged user that the server runs as when we are root, which it refuses.
struct ServerUser {
    uid: u32,
    gid: u32,
}

impl ServerUser {
    /// `None` when we are not root: the server then runs as ourselves.
    fn find() -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        for name in ["postgres", "nobody"] {
            if let (Some(uid), Some(gid)) = (id("-u", name), id("-g", name)) {
                return Ok(Some(Self { uid, gid }));
            }
        }
        bail!(
            "PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it as"
        );
    }
}

fn id(kind: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([kind, name]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
