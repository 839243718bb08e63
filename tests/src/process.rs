//! The server binary as a process: where it is, what it inherits, and that it never
//! outlives the tests.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use rustix::process::geteuid;

/// The root of the workspace.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Where what is built and installed for the tests is.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}

/// The binary.
pub(crate) fn binary() -> PathBuf {
    let binary = std::env::var_os("ACCOLADE_SERVER_BIN").map_or_else(
        || workspace().join("target/debug/accolade-server"),
        PathBuf::from,
    );
    assert!(
        binary.is_file(),
        "{} does not exist: build it with `cargo build -p accolade-server`, or name it in \
         ACCOLADE_SERVER_BIN",
        binary.display()
    );
    binary
}

/// A command with the binary, and nothing of Accolade's in its environment but the profile
/// of tests.
pub(crate) fn accolade() -> Command {
    clean(Command::new(binary()))
}

/// The same, which may open few files unless it asks for more.
pub(crate) fn accolade_with_few_files() -> Command {
    accolade_after("ulimit -Sn 256")
}

/// The same, whose files grow to 32 KiB at most, as on a disk that becomes full.
pub(crate) fn accolade_on_a_small_disk() -> Command {
    accolade_after("ulimit -f 64")
}

/// The same, which may do with files what their modes say, also if root runs the tests, who may do anything
/// with them.
pub(crate) fn accolade_bound_by_modes() -> Command {
    if !geteuid().is_root() {
        return accolade();
    }
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set=-dac_override,-dac_read_search", "--"]);
    command.arg(binary());
    clean(command)
}

/// The same, which has this socket from whoever starts it.
pub(crate) fn accolade_with(socket: OwnedFd) -> Command {
    let mut command = accolade_after("exec 3<&0 0</dev/null");
    command.stdin(Stdio::from(socket));
    command.env("LISTEN_FDS", "1");
    command
}

/// The program, after these commands of the shell.
fn accolade_after(commands: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!(r#"{commands}; exec "$0" "$@""#)]);
    command.arg(binary());
    clean(command)
}

fn clean(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ACCOLADE") {
            command.env_remove(name);
        }
    }
    command.env("ACCOLADE_PROFILE", "test").stdin(Stdio::null());
    command
}

/// Ends a process, and removes a directory, when this process ends in whatever way.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
    // The shell waits until this closes, with this process at the latest.
    _alive: ChildStdin,
}

impl Watchdog {
    pub(crate) fn over(process: u32, directory: Option<&Path>) -> Self {
        Self::over_whom(&process.to_string(), directory)
    }

    /// Over a process that leads a group, and all whom it has started.
    pub(crate) fn over_group(leader: u32, directory: &Path) -> Self {
        Self::over_whom(&format!("-{leader}"), Some(directory))
    }

    fn over_whom(whom: &str, directory: Option<&Path>) -> Self {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            r#"read -r _; kill -s KILL -- "$1"; [ -z "$2" ] || rm -rf "$2""#,
        ]);
        command.arg("watchdog").arg(whom);
        command.arg(directory.unwrap_or(Path::new("")));
        let mut shell = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let alive = shell.stdin.take().unwrap();
        Self {
            shell,
            _alive: alive,
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Its process has been waited for, so its number may be somebody else's by now.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
