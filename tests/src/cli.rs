//! The command line tools.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::Credentials;
use crate::logs::Logs;
use crate::process;

/// How long a command may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Signs the access tokens of all servers here: several of them may share a database.
pub(crate) const TOKEN_KEY: &str = "0123456789abcdef0123456789abcdef";

/// What the operators of tests sign in with.
pub const PASSWORD: &str = "correct horse battery";

/// The command line tools on one database.
#[derive(Debug, Clone)]
pub struct Cli {
    environment: Vec<(OsString, OsString)>,
    is_disk_small: bool,
    is_bound_by_modes: bool,
}

impl Cli {
    /// On the database at `url`.
    pub fn on(url: &str) -> Self {
        let alone = Self {
            environment: Vec::new(),
            is_disk_small: false,
            is_bound_by_modes: false,
        };
        alone
            .environment("ACCOLADE_CONFIG_DIR", process::workspace().join("config"))
            .environment("ACCOLADE__DATABASE__URL", url)
            .environment("ACCOLADE__AUTH__TOKEN_KEY", TOKEN_KEY)
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn environment(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Takes a variable out of the environment again.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self
    }

    /// Lets commands write no file of more than 32 KiB, as on a disk that becomes full.
    #[must_use]
    pub fn on_a_small_disk(mut self) -> Self {
        self.is_disk_small = true;
        self
    }

    /// Lets commands do with files what their modes say, and no more.
    #[must_use]
    pub fn bound_by_modes(mut self) -> Self {
        self.is_bound_by_modes = true;
        self
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_reading("", arguments)
    }

    /// Runs a command, which reads `input`, to its end.
    pub fn run_reading(&self, input: &str, arguments: &[&str]) -> Outcome {
        self.start_reading(input, arguments).end()
    }

    /// Starts a command.
    pub fn start(&self, arguments: &[&str]) -> Running {
        self.start_reading("", arguments)
    }

    fn start_reading(&self, input: &str, arguments: &[&str]) -> Running {
        let mut command = if self.is_disk_small {
            process::accolade_on_a_small_disk()
        } else if self.is_bound_by_modes {
            process::accolade_bound_by_modes()
        } else {
            process::accolade()
        };
        let mut child = command
            .args(arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that reads nothing may have ended.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let (stdout, stderr) = (Arc::new(Logs::default()), Arc::new(Logs::default()));
        stdout.follow(child.stdout.take().unwrap());
        stdout.follow(std::io::empty());
        stderr.follow(child.stderr.take().unwrap());
        stderr.follow(std::io::empty());
        Running {
            command: arguments.join(" "),
            child,
            stdout,
            stderr,
        }
    }

    /// Creates a client of an org.
    pub fn create_client(&self, org: i64, groups: Option<&str>) -> Credentials {
        let further: Vec<_> = groups.iter().flat_map(|it| ["--groups", *it]).collect();
        self.create_client_with(org, &further)
    }

    /// The same with further arguments.
    pub fn create_client_with(&self, org: i64, further: &[&str]) -> Credentials {
        let org = org.to_string();
        let mut arguments = vec![
            "client", "create", "--org", &org, "--name", "test", "--json",
        ];
        arguments.extend(further);
        let printed = self.run(&arguments).ok();
        serde_json::from_str(&printed)
            .unwrap_or_else(|error| panic!("`client create --json` printed {printed:?}: {error}"))
    }

    /// Creates an operator with these roles, who signs in with [`PASSWORD`]; gives what the command says.
    pub fn create_operator(&self, org: i64, login: &str, name: &str, roles: &str) -> String {
        let org = org.to_string();
        let arguments = [
            "operator", "create", "--org", &org, "--login", login, "--name", name, "--roles", roles,
        ];
        self.run_reading(PASSWORD, &arguments).ok()
    }
}

/// A command that runs.
#[derive(Debug)]
pub struct Running {
    command: String,
    child: Child,
    stdout: Arc<Logs>,
    stderr: Arc<Logs>,
}

impl Running {
    /// What it complains of.
    pub fn stderr(&self) -> &Logs {
        &self.stderr
    }

    /// Ends it as a power cut would; tells whether it had not ended by itself.
    pub fn kill(mut self) -> bool {
        let _ = self.child.kill();
        self.child.wait().unwrap().code().is_none()
    }

    /// Waits for its end.
    pub fn end(mut self) -> Outcome {
        let read = |source: Arc<Logs>| {
            // Both outputs are closed when the process is gone.
            source.find(PATIENCE, |_| None::<()>);
            source.text()
        };
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > deadline {
                let _ = self.child.kill();
                let _ = self.child.wait();
                panic!(
                    "{} does not end:\n{}{}",
                    self.command,
                    self.stdout.text(),
                    self.stderr.text()
                );
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        Outcome {
            command: self.command,
            code: status.code(),
            stdout: read(self.stdout),
            stderr: read(self.stderr),
        }
    }
}

/// How a command ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    command: String,
    /// Its exit code, if it was not killed.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
}

impl Outcome {
    /// What it printed; it must have succeeded.
    pub fn ok(self) -> String {
        assert_eq!(
            self.code,
            Some(0),
            "{}: {}{}",
            self.command,
            self.stdout,
            self.stderr
        );
        self.stdout
    }

    /// What it complained of, besides its log: one line; it must have failed.
    pub fn refused(self) -> String {
        assert!(self.code.is_some_and(|code| code != 0), "{self:?}");
        let complaints: Vec<&str> = self
            .stderr
            .lines()
            .filter(|line| !line.starts_with(r#"{"level""#))
            .collect();
        assert_eq!(complaints.len(), 1, "{}", self.stderr);
        complaints[0].to_owned()
    }
}
