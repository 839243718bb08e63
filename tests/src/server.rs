//! A running server.

use std::ffi::OsString;
use std::net::TcpListener;
use std::process::{Child, ChildStderr, ExitStatus, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};

use crate::backend::{Backend, Database};
use crate::cli::{Cli, TOKEN_KEY};
use crate::client::{Client, Credentials};
use crate::logs::Logs;
use crate::org::Org;
use crate::process::{self, Watchdog};

/// How long a server may take to start or to stop before the test fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server to start: its database and what differs from the test profile.
#[derive(Debug, Clone)]
pub struct Setup {
    database: Arc<Database>,
    url: Option<String>,
    environment: Vec<(OsString, OsString)>,
    is_log_read: bool,
    has_few_files: bool,
    is_bound_by_modes: bool,
    socket: Option<Arc<TcpListener>>,
}

impl Setup {
    /// On a new database.
    pub fn new(backend: Backend) -> Self {
        Self::on(Arc::new(Database::create(backend)))
    }

    /// On a database without a schema.
    pub fn unmigrated(backend: Backend) -> Self {
        Self::on(Arc::new(Database::empty(backend)))
    }

    /// On a database that there is.
    pub fn on(database: Arc<Database>) -> Self {
        let none_locked_out = [
            // All tests come from one address, and many of them fail on purpose.
            ("auth.failures_per_address", "1000000"),
            ("http.port", "0"),
            ("auth.token_key", TOKEN_KEY),
        ];
        none_locked_out.into_iter().fold(
            Self {
                database,
                url: None,
                environment: Vec::new(),
                is_log_read: true,
                has_few_files: false,
                is_bound_by_modes: false,
                socket: None,
            },
            |setup, (key, value)| setup.set(key, value),
        )
    }

    /// Sets a key of the configuration, such as `http.queue`, through the environment.
    #[must_use]
    pub fn set(self, key: &str, value: &str) -> Self {
        let name = format!("ACCOLADE__{}", key.replace('.', "__").to_uppercase());
        self.environment(&name, value)
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Has the server reach its database under another URL.
    #[must_use]
    pub fn through(mut self, url: &str) -> Self {
        self.url = Some(url.to_owned());
        self
    }

    /// Leaves its log unread, until [`Server::read_the_log`].
    #[must_use]
    pub fn without_a_reader_of_the_log(mut self) -> Self {
        self.is_log_read = false;
        self
    }

    /// Lets it open few files, unless it asks for more.
    #[must_use]
    pub fn with_few_files(mut self) -> Self {
        self.has_few_files = true;
        self
    }

    /// Lets it do with files what their modes say, and no more.
    #[must_use]
    pub fn bound_by_modes(mut self) -> Self {
        self.is_bound_by_modes = true;
        self
    }

    /// Hands the server a socket, on which it is to listen.
    #[must_use]
    pub fn handing_over(mut self, socket: TcpListener) -> Self {
        self.socket = Some(Arc::new(socket));
        self
    }

    /// Starts it and waits until it listens.
    pub fn start(self) -> Server {
        let mut child = self
            .command()
            .arg("serve")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let watchdog = Watchdog::over(child.id(), self.database.directory());
        let logs = Arc::new(Logs::default());
        logs.follow(child.stdout.take().unwrap());
        let mut unread = child.stderr.take();
        if self.is_log_read {
            logs.follow(unread.take().unwrap());
        }
        let address = logs
            .find(PATIENCE, |line| {
                line.strip_prefix("listening on ")?
                    .split_whitespace()
                    .next()
                    .map(str::to_owned)
            })
            .unwrap_or_else(|| {
                let _ = child.kill();
                let _ = child.wait();
                panic!("the server does not start:\n{}", logs.text())
            });
        Server {
            address,
            child: Some(child),
            watchdog: Some(watchdog),
            logs,
            unread,
            setup: self,
        }
    }

    /// Runs `serve` where it is expected to stop by itself.
    pub fn stops(&self) -> crate::Outcome {
        self.cli().run(&["serve"])
    }

    /// The command line tools with the same configuration.
    pub fn cli(&self) -> Cli {
        let mut cli = Cli::on(self.url());
        for (name, value) in &self.environment {
            cli = cli.environment(name, value);
        }
        if self.is_bound_by_modes {
            cli = cli.bound_by_modes();
        }
        cli
    }

    /// The database.
    pub fn database(&self) -> &Arc<Database> {
        &self.database
    }

    fn url(&self) -> &str {
        self.url.as_deref().unwrap_or(self.database.url())
    }

    fn command(&self) -> std::process::Command {
        let mut command = if let Some(socket) = &self.socket {
            process::accolade_with(socket.try_clone().unwrap().into())
        } else if self.has_few_files {
            process::accolade_with_few_files()
        } else if self.is_bound_by_modes {
            process::accolade_bound_by_modes()
        } else {
            process::accolade()
        };
        command.env("ACCOLADE_CONFIG_DIR", process::workspace().join("config"));
        command.env("ACCOLADE__DATABASE__URL", self.url());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A running server, killed when this value is dropped.
#[derive(Debug)]
pub struct Server {
    address: String,
    child: Option<Child>,
    watchdog: Option<Watchdog>,
    logs: Arc<Logs>,
    /// Its log, if nobody reads it.
    unread: Option<ChildStderr>,
    setup: Setup,
}

impl Server {
    /// Starts a server on a new database.
    pub fn start(backend: Backend) -> Self {
        Setup::new(backend).start()
    }

    /// `http://127.0.0.1:PORT`, or `https://…`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// `127.0.0.1:PORT`.
    pub fn socket(&self) -> &str {
        self.address.split_once("://").unwrap().1
    }

    /// Which kind of database it has.
    pub fn backend(&self) -> Backend {
        self.setup.database.backend()
    }

    /// Its database.
    pub fn database(&self) -> &Arc<Database> {
        &self.setup.database
    }

    /// How it was set up: to start another one like it.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// What it printed.
    pub fn logs(&self) -> &Arc<Logs> {
        &self.logs
    }

    /// Reads its log from now on.
    pub fn read_the_log(&mut self) {
        self.logs.follow(self.unread.take().unwrap());
    }

    /// The command line tools with its configuration.
    pub fn cli(&self) -> Cli {
        self.setup.cli()
    }

    /// A client without credentials.
    pub fn stranger(&self) -> Client {
        Client::new(&self.address, None, &self.logs)
    }

    /// A client with these credentials.
    pub fn client(&self, credentials: &Credentials) -> Client {
        Client::new(&self.address, Some(credentials.clone()), &self.logs)
    }

    /// A new org with a client of the default access groups, in UTC.
    pub fn org(&self) -> Org {
        self.org_in("UTC")
    }

    /// A new org with a client of the default access groups.
    pub fn org_in(&self, zone: &str) -> Org {
        static NEXT: AtomicI64 = AtomicI64::new(2001);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let cli = self.cli();
        let number = id.to_string();
        cli.run(&[
            "org",
            "create",
            "--id",
            &number,
            "--name",
            "Test",
            "--time-zone",
            zone,
        ])
        .ok();
        Org::new(id, self.client(&cli.create_client(id, None)))
    }

    /// A client of `org` with these access groups, separated by commas.
    pub fn client_with(&self, org: &Org, groups: &str) -> Client {
        self.client(&self.cli().create_client(org.id(), Some(groups)))
    }

    /// The same client, speaking to this server instead.
    pub fn take_over(&self, org: &Org) -> Org {
        Org::new(
            org.id(),
            Client::new(&self.address, org.credentials().cloned(), &self.logs),
        )
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().unwrap();
        kill_process(Pid::from_child(child), signal).unwrap();
    }

    /// Lets it write nothing more into files, as on a disk that is full; or anything again.
    pub fn limit_files(&self, is_full: bool) {
        let pid = Some(Pid::from_child(self.child.as_ref().unwrap()));
        let hard = getrlimit(Resource::Fsize).maximum;
        let soft = if is_full { Some(0) } else { hard };
        let limit = Rlimit {
            current: soft,
            maximum: hard,
        };
        prlimit(pid, Resource::Fsize, limit).unwrap();
    }

    /// How many files it may open, and how many it ever may.
    pub fn most_files(&self) -> [u64; 2] {
        let process = self.child.as_ref().unwrap().id();
        let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
        let line = limits
            .lines()
            .find_map(|it| it.strip_prefix("Max open files"));
        let mut numbers = line
            .unwrap()
            .split_whitespace()
            .map_while(|it| it.parse().ok());
        [(); 2].map(|()| numbers.next().unwrap())
    }

    /// How many bytes of memory it has had at most.
    pub fn peak_memory(&self) -> u64 {
        let process = self.child.as_ref().unwrap().id();
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"));
        let kib = line.unwrap().split_whitespace().next().unwrap();
        kib.parse::<u64>().unwrap() * 1_024
    }

    /// Kills it as a power cut would, and gives the setup to start the next one with.
    pub fn kill(mut self) -> Setup {
        self.end();
        self.setup.clone()
    }

    /// Waits until it has stopped by itself.
    pub fn wait(mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not stop");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn end(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        self.watchdog = None;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
        if std::thread::panicking() {
            #[allow(clippy::print_stderr)]
            {
                eprintln!("--- the server's last lines\n{}", self.logs.tail());
            }
        }
    }
}

/// The server that the tests of this process share.
pub fn shared(backend: Backend) -> &'static Server {
    static SQLITE: OnceLock<Server> = OnceLock::new();
    static POSTGRES: OnceLock<Server> = OnceLock::new();
    match backend {
        Backend::Sqlite => &SQLITE,
        Backend::Postgres => &POSTGRES,
    }
    .get_or_init(|| Server::start(backend))
}
