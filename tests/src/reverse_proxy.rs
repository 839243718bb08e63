//! A reverse proxy of others before a server, set up as `docs/operations.md` says.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::process::{Watchdog, workspace};
use crate::race::until;
use crate::server::Server;
use crate::tls::{Certificate, TlsFiles};

/// The name that the document gives the service.
const NAME: &str = "badges.example.org";

/// The address that the document gives the server.
const SERVER: &str = "127.0.0.1:8080";

/// A proxy that speaks TLS before a server, until it is dropped.
#[derive(Debug)]
pub struct ReverseProxy {
    socket: String,
    certificate: Certificate,
    program: Child,
    _watchdog: Watchdog,
    _files: TlsFiles,
    _directory: TempDir,
}

impl ReverseProxy {
    /// nginx; `None`, which is said, where it is not installed.
    pub fn nginx(server: &Server) -> Option<Self> {
        Self::start("nginx", server, |setup, files, port, directory| {
            let certificate = files.certificate();
            let key = files.key();
            let snippet = setup
                .replace("listen 443", &format!("listen 127.0.0.1:{port}"))
                .replace(NAME, "localhost")
                .replace(
                    "/etc/ssl/badges/fullchain.pem",
                    certificate.to_str().unwrap(),
                )
                .replace("/etc/ssl/badges/privkey.pem", key.to_str().unwrap());
            let mut text = "daemon off;\nmaster_process off;\nerror_log stderr;\npid nginx.pid;\n\
                            events {}\nhttp {\naccess_log off;\n"
                .to_owned();
            for of in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
                let _ = writeln!(text, "{of}_temp_path {of};");
            }
            let file = directory.join("nginx.conf");
            std::fs::write(&file, format!("{text}{snippet}}}\n")).unwrap();
            let mut command = Command::new("nginx");
            command.arg("-p").arg(directory).arg("-c").arg(file);
            command
        })
    }

    /// Caddy; `None`, which is said, where it is not installed.
    pub fn caddy(server: &Server) -> Option<Self> {
        Self::start("caddy", server, |setup, files, port, directory| {
            // It would ask an authority for a certificate otherwise.
            let tls = format!(
                "https://localhost:{port} {{\n    bind 127.0.0.1\n    tls {} {}",
                files.certificate().display(),
                files.key().display()
            );
            let snippet = setup.replace(&format!("{NAME} {{"), &tls);
            let options = "{\n    admin off\n    servers {\n        protocols h1\n    }\n}\n";
            let file = directory.join("Caddyfile");
            std::fs::write(&file, format!("{options}{snippet}")).unwrap();
            let mut command = Command::new("caddy");
            command.args(["run", "--adapter", "caddyfile", "--config"]);
            command.arg(file);
            for home in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
                command.env(home, directory);
            }
            command
        })
    }

    /// Where it listens.
    pub fn socket(&self) -> &str {
        &self.socket
    }

    /// What it presents.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn start(
        program: &str,
        server: &Server,
        command: impl Fn(&str, &TlsFiles, u16, &Path) -> Command,
    ) -> Option<Self> {
        if !is_installed(program) {
            skipped(program);
            return None;
        }
        let setup = documented(program).replace(SERVER, server.socket());
        let certificate = Certificate::make();
        let files = TlsFiles::of(&certificate);
        let directory = TempDir::new().unwrap();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut program = command(&setup, &files, port, directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let watchdog = Watchdog::over(program.id(), Some(directory.path()));
        let socket = format!("127.0.0.1:{port}");
        until("the proxy listens", Duration::from_mins(1), || {
            let ended = program.try_wait().unwrap();
            assert_eq!(ended, None, "the proxy does not start, and says why above");
            TcpStream::connect(&socket).is_ok()
        });
        Some(Self {
            socket,
            certificate,
            program,
            _watchdog: watchdog,
            _files: files,
            _directory: directory,
        })
    }
}

impl Drop for ReverseProxy {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// What the document has in a block for this program.
fn documented(program: &str) -> String {
    let document = std::fs::read_to_string(workspace().join("docs/operations.md")).unwrap();
    let (_, block) = document.split_once(&format!("```{program}\n")).unwrap();
    let (block, _) = block.split_once("```").unwrap();
    assert!(block.contains(SERVER) && block.contains(NAME), "{block}");
    block.to_owned()
}

fn is_installed(program: &str) -> bool {
    let asked = Command::new(program)
        .arg(if program == "nginx" { "-v" } else { "version" })
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}

#[allow(clippy::print_stderr)]
fn skipped(program: &str) {
    eprintln!("skipped: {program} is not there; `.ci/setup tests` installs it");
}
