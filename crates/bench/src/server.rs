//! The server that is measured: the binary as a process of its own, with the configuration
//! that it has by itself, but for `/metrics`, which is where the API is: several run on one machine.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;

use crate::database::Database;
use crate::http;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// Signs the access tokens.
const TOKEN_KEY: &str = "0123456789abcdef0123456789abcdef";

/// The binary.
#[derive(Debug, Clone)]
pub(crate) struct Binary {
    path: PathBuf,
    settings: Vec<(&'static str, &'static str)>,
}

/// What a client of the API presents.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) key: String,
    pub(crate) secret: String,
}

impl Binary {
    /// The binary at `path`, else the one beside this program.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn find(path: Option<&Path>) -> Result<Self> {
        let path = match path {
            Some(path) => path.to_owned(),
            None => std::env::current_exe()?.with_file_name("accolade-server"),
        };
        let path = path.canonicalize().with_context(|| {
            format!(
                "{}: build it with `cargo build --release -p accolade-server`, or name it with \
                 --server",
                path.display()
            )
        })?;
        let settings = Vec::new();
        Ok(Self { path, settings })
    }

    /// The same with these variables in its environment.
    pub(crate) fn with(&self, settings: &[(&'static str, &'static str)]) -> Self {
        let path = self.path.clone();
        let settings = [&self.settings, settings].concat();
        Self { path, settings }
    }

    /// What it says of itself, such as `accolade-server 0.1.0`.
    ///
    /// # Errors
    /// It does not run.
    pub(crate) fn version(&self) -> Result<String> {
        let output = Command::new(&self.path).arg("--version").output()?;
        ensure!(
            output.status.success(),
            "{} does not run",
            self.path.display()
        );
        let printed = String::from_utf8(output.stdout)?;
        Ok(printed.lines().next().unwrap_or_default().to_owned())
    }

    /// Makes an org, in UTC, and a client of it with the default access groups.
    ///
    /// # Errors
    /// The command line tools fail.
    pub(crate) fn create_client(&self, database: &Database, org: i64) -> Result<Credentials> {
        let org = org.to_string();
        self.run(
            database,
            &["org", "create", "--id", &org, "--name", "Benchmark"],
        )?;
        let client = ["client", "create", "--org", &org, "--name", "benchmark"];
        let printed = self.run(database, &[&client[..], &["--json"]].concat())?;
        serde_json::from_slice(&printed).context("`client create --json` prints no credentials")
    }

    /// Makes a client of the org that may do what only administrators may.
    ///
    /// # Errors
    /// The command line tool fails.
    pub(crate) fn create_admin(&self, database: &Database, org: i64) -> Result<Credentials> {
        let org = org.to_string();
        let client = ["client", "create", "--org", &org, "--name", "admin"];
        let more = ["--groups", "admin", "--json"];
        let printed = self.run(database, &[&client[..], &more].concat())?;
        serde_json::from_slice(&printed).context("`client create --json` prints no credentials")
    }

    /// Runs a command on `database`; gives what it prints.
    ///
    /// # Errors
    /// It fails.
    pub(crate) fn run(&self, database: &Database, arguments: &[&str]) -> Result<Vec<u8>> {
        let output = self.command(database).args(arguments).output()?;
        ensure!(
            output.status.success(),
            "accolade-server {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(output.stdout)
    }

    /// A command with nothing of Accolade's in its environment but what it has to know.
    fn command(&self, database: &Database) -> Command {
        let mut command = Command::new(&self.path);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ACCOLADE") {
                command.env_remove(name);
            }
        }
        command
            .env("ACCOLADE_CONFIG_DIR", database.directory())
            .env("ACCOLADE__DATABASE__URL", database.url())
            .env("ACCOLADE__AUTH__TOKEN_KEY", TOKEN_KEY)
            .envs(self.settings.iter().copied())
            .stdin(Stdio::null());
        command
    }

    /// Starts it on `database` and waits until it is ready.
    ///
    /// # Errors
    /// It does not start; the message has the end of its log.
    pub(crate) async fn start(&self, database: &Database) -> Result<Server> {
        let address = free_address()?;
        // In the place of the profile's file inside the binary.
        let profile = database.directory().join("production.toml");
        fs::write(profile, "log.format = \"json\"\n")?;
        let log = database.directory().join("server.log");
        let mut command = self.command(database);
        command
            .env("ACCOLADE__HTTP__PORT", address.port().to_string())
            .arg("serve")
            .stdout(Stdio::null())
            .stderr(File::create(&log)?);
        let started = Instant::now();
        let child = command.spawn()?;
        let watchdog = Watchdog::over(child.id())?;
        let mut server = Server {
            address,
            child,
            _watchdog: watchdog,
            log,
            ready_after: Duration::ZERO,
        };
        while !http::is_ready(address).await {
            if server.child.try_wait()?.is_some() || started.elapsed() > PATIENCE {
                bail!("the server does not start:\n{}", server.last_lines());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.ready_after = started.elapsed();
        Ok(server)
    }
}

/// A port that nobody has at this moment.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// A running server, killed when this value is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    child: Child,
    _watchdog: Watchdog,
    log: PathBuf,
    ready_after: Duration,
}

impl Server {
    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How long it took from the start of the process to the first 200 of `/health/ready`.
    pub(crate) fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// Ends it in order.
    ///
    /// # Errors
    /// It cannot be told to end, or ends otherwise.
    pub(crate) fn stop(mut self) -> Result<()> {
        let process = Pid::from_child(&self.child);
        kill_process(process, Signal::TERM)?;
        let ended = self.child.wait()?;
        ensure!(ended.success(), "the server ended otherwise: {ended}");
        Ok(())
    }

    /// The most memory that it has had so far, in bytes.
    ///
    /// # Errors
    /// The kernel does not tell: the process is gone, or this is not Linux.
    pub(crate) fn peak_memory(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        peak_memory(&status).context("/proc/PID/status has no VmHWM")
    }

    /// The end of its log.
    pub(crate) fn last_lines(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn peak_memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Ends a process when this one ends, in whatever way.
#[derive(Debug)]
struct Watchdog {
    shell: Child,
    // The shell waits until this closes, with this process at the latest.
    _alive: Option<ChildStdin>,
}

impl Watchdog {
    fn over(process: u32) -> Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", r#"trap '' INT; read -r _; kill -9 "$1""#, "watchdog"])
            .arg(process.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let alive = shell.stdin.take();
        Ok(Self {
            shell,
            _alive: alive,
        })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Its process has been waited for, so its number may be somebody else's by now.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_of_memory_is_read_in_bytes() {
        let status =
            "Name:\taccolade-server\nVmPeak:\t  999 kB\nVmHWM:\t   84312 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(peak_memory(status), Some(84_312 * 1024));
        assert_eq!(peak_memory("Name:\tx\n"), None);
    }
}
