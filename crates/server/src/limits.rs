//! What the system lets this process do: how large its files are, and how many it may open; and how
//! much memory it is given at once, and keeps.

use std::env;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::SIGXFSZ;

/// Descriptors that a server may need beside those of its connections: of files and the database, of
/// receivers, and of connections that are about to be refused.
const BESIDE_CONNECTIONS: u64 = 1_024;

/// Has a file that may not grow any further be a failed write, as on a disk that is full, and not the end
/// of the process.
///
/// # Errors
/// The signal cannot be taken.
pub(crate) fn outlive_full_files() -> io::Result<()> {
    // That it came is nothing to anybody: the write that it came of fails.
    let came = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGXFSZ, came).map(drop)
}

/// Has the system give memory in small pages. Of each of the allocator's areas, and each thread has
/// some, it would otherwise give two mebibytes where a few kilobytes are used: a server that has nothing to
/// do took twice the memory, and longer for requests of thousands, whose areas come and go.
pub(crate) fn take_small_pages() {
    // What does not know such pages has none to refuse.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

/// How long the allocator keeps what is free, in milliseconds.
const KEPT_FREE: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "50");

/// Has the allocator give back what was free for fifty milliseconds, where it would keep it for a second: a
/// job of millions of rows took half as much memory again. It looks for that once, before anything else
/// of this program runs; so the program begins anew with it, unless whoever started it has chosen.
pub(crate) fn give_memory_back() {
    let (name, value) = KEPT_FREE;
    let mut words = env::args_os();
    if env::var_os(name).is_none()
        && let (Ok(program), Some(called)) = (env::current_exe(), words.next())
    {
        let mut anew = Command::new(program);
        // It comes back only if that cannot be; then memory is kept a little longer.
        let _ = anew.arg0(called).args(words).env(name, value).exec();
    }
}

/// Has the process open as many files as it ever may, not only as many as it does unless it asks, and
/// says in the log if they are too few for so many `connections`.
pub(crate) fn raise_descriptors(connections: usize) {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let most = if limit.current == limit.maximum {
        limit.current
    } else if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the number of files that may be opened cannot be raised");
        limit.current
    } else {
        limit.maximum
    };
    let wanted = connections as u64 + BESIDE_CONNECTIONS;
    if let Some(most) = most.filter(|most| *most < wanted) {
        tracing::warn!(
            most,
            wanted,
            "fewer files may be opened than http.connections needs: beyond them no connection is accepted"
        );
    }
}
