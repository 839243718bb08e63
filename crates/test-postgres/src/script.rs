//! Servers that a shell script runs for as long as its owner wants them.
//!
//! The script prints `ready` when its server is, and stops it when its standard input closes, which is
//! when the owner drops it, ends, or is killed.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// How often a start is tried when another program takes the port first.
const ATTEMPTS: usize = 3;

/// The user and group that a server runs as; none if it runs as ourselves.
pub(crate) type User = Option<(u32, u32)>;

/// The unprivileged user that the server called `name` runs as when we are root, which it refuses.
pub(crate) fn user(name: &str) -> Result<User> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    for user in ["postgres", "nobody"] {
        if let (Some(uid), Some(gid)) = (id("-u", user), id("-g", user)) {
            return Ok(Some((uid, gid)));
        }
    }
    bail!(
        "{name} refuses to run as root, and there is no user `postgres` or `nobody` to run it as"
    );
}

fn id(kind: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([kind, name]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// Starts a server on a port that was free a moment ago, and on another one if it is not any more.
pub(crate) fn on_a_free_port<T>(start: impl Fn(u16) -> Result<T>) -> Result<T> {
    for _ in 1..ATTEMPTS {
        match start(free_port()?) {
            Err(error) if format!("{error:#}").contains("Address already in use") => {}
            result => return result,
        }
    }
    start(free_port()?)
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// Runs `script` in `directory`, which it owns from now on and finds in `DIRECTORY`, until it is
/// ready.
///
/// # Errors
/// What it said instead: its own words, and those of its server in `log`.
pub(crate) fn start(
    script: &str,
    directory: &Path,
    user: User,
    environment: &[(&str, &OsStr)],
) -> Result<Child> {
    let said = directory.join("script.log");
    let mut command = Command::new("sh");
    command
        .args(["-c", script, "script"])
        .env("DIRECTORY", directory)
        .envs(environment.iter().copied())
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(File::create(&said)?)
        // Outside the group that an interrupt at the terminal or a test runner ends.
        .process_group(0);
    if let Some((uid, gid)) = user {
        chown(directory, Some(uid), Some(gid))?;
        command.uid(uid).gid(gid);
    }
    let mut script = command.spawn().context("`sh` could not be started")?;
    if !is_ready(&mut script)? {
        script.wait()?;
        bail!(
            "it said:\n{}{}",
            last_lines(&said),
            last_lines(&directory.join("log"))
        );
    }
    Ok(script)
}

/// Has a script that waits for words do what `word` says.
///
/// # Errors
/// It ended instead.
pub(crate) fn tell(script: &mut Child, word: &str) -> Result<()> {
    let input = script.stdin.as_mut().context("the script takes no words")?;
    writeln!(input, "{word}")?;
    if !is_ready(script)? {
        bail!("the script ended: {}", script.wait()?);
    }
    Ok(())
}

/// Waits for the next line of the script, which says that it is ready unless it has ended.
fn is_ready(script: &mut Child) -> Result<bool> {
    let mut line = String::new();
    if let Some(output) = &mut script.stdout {
        // It says nothing more until it is told something, so that nothing is read ahead.
        BufReader::new(output).read_line(&mut line)?;
    }
    Ok(line == "ready\n")
}

fn last_lines(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}
