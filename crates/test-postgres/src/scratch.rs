//! Where data is put that nobody keeps.

use std::path::{Path, PathBuf};

/// Memory that looks like a directory, as Linux has it.
const MEMORY: &str = "/dev/shm";

/// How much room there must be in it, for all tests that run beside each other.
const ENOUGH: u64 = 2 << 30;

/// The directory for what a test throws away: in memory, where files are made and removed, and waited for,
/// at no cost, if there is much room in it; else the temporary one.
pub fn scratch() -> PathBuf {
    let room = rustix::fs::statvfs(MEMORY).map_or(0, |it| it.f_bavail * it.f_frsize);
    let is_ours = rustix::fs::access(MEMORY, rustix::fs::Access::WRITE_OK).is_ok();
    if room >= ENOUGH && is_ours {
        Path::new(MEMORY).to_owned()
    } else {
        std::env::temp_dir()
    }
}
