//! The disk of this machine, if the database is on it: how fast it has what it is given, how much room
//! there is, and who else can read it.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use bytesize::ByteSize;

use crate::cli::doctor::Finding;
use crate::settings::DatabaseSettings;

/// How often it is tried how long the disk takes.
const TRIES: usize = 16;

/// What each request that writes costs at least: beyond it a flush is slow for a disk.
const SLOW: Duration = Duration::from_millis(20);

/// What an idle disk never takes, and no writer can wait for.
const STUCK: Duration = Duration::from_secs(1);

/// Less room than this is soon used up, by rows and by a `-wal` that cannot be given back.
const LITTLE: ByteSize = ByteSize::gib(1);

/// Without so much nothing can be worked with.
const NONE: ByteSize = ByteSize::mib(64);

/// Looks at the disk that SQLite's file is on.
pub(super) fn look_at(settings: &DatabaseSettings) -> Vec<Finding> {
    let Some(file) = settings.url.file() else {
        return Vec::new();
    };
    // A bare name has an empty parent.
    let directory = match file.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    if !directory.is_dir() {
        let says = "its directory is not there yet: the first command or server makes it";
        return vec![Finding::good("the disk", says)];
    }
    let mut found = vec![flush(directory), room(directory)];
    found.extend(others(file));
    found
}

fn flush(directory: &Path) -> Finding {
    let about = "the disk's flush";
    match time_of_flush(directory) {
        Ok(time) => judge_flush(about, time),
        Err(error) => Finding::wrong(
            about,
            // All that the error says may have the path.
            format!(
                "nothing can be written beside the database: {}",
                error.kind()
            ),
        ),
    }
}

fn judge_flush(about: &'static str, time: Duration) -> Finding {
    let says = format!("{:.2} ms, the median of {TRIES}", time.as_secs_f64() * 1e3);
    if time >= STUCK {
        Finding::wrong(about, says + ": the disk is stuck")
    } else if time >= SLOW {
        let why = ": each transaction waits for one; a faster disk makes a faster server";
        Finding::risk(about, says + why)
    } else {
        Finding::good(about, says)
    }
}

/// How long it takes until the disk has a page: the median.
fn time_of_flush(directory: &Path) -> std::io::Result<Duration> {
    let mut file = tempfile::Builder::new()
        .prefix(".accolade-doctor-")
        .tempfile_in(directory)?;
    let mut times = Vec::with_capacity(TRIES);
    for _ in 0..TRIES {
        let begun = Instant::now();
        file.write_all(&[0; 4_096])?;
        file.as_file().sync_data()?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    Ok(times[TRIES / 2])
}

fn room(directory: &Path) -> Finding {
    let about = "free space";
    match rustix::fs::statvfs(directory) {
        Ok(disk) => judge_room(about, ByteSize(disk.f_bavail.saturating_mul(disk.f_frsize))),
        Err(error) => Finding::risk(about, format!("the disk does not tell: {error}")),
    }
}

fn judge_room(about: &'static str, free: ByteSize) -> Finding {
    if free < NONE {
        let says = format!("{free}: a server on a full disk answers 503");
        Finding::wrong(about, says)
    } else if free < LITTLE {
        Finding::risk(about, format!("{free}: too little for long"))
    } else {
        Finding::good(about, free.to_string())
    }
}

/// Whether others than its owner can use the file.
fn others(file: &Path) -> Option<Finding> {
    let mode = file.metadata().ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| {
        let says =
            "others than its owner could use it: every command and server takes it from them";
        Finding::risk("the database's file", says)
    })
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;
    use crate::cli::doctor::Verdict;
    use crate::cli::doctor::tests::bad;
    use crate::settings::{Environment, load};

    fn on(url: &str) -> Vec<Finding> {
        let mut settings = load(&Environment::default()).unwrap().settings.database;
        settings.url = url.parse().unwrap();
        look_at(&settings)
    }

    #[test]
    fn a_slow_or_stuck_or_full_disk_is_found() {
        let flush = |time| judge_flush("", Duration::from_millis(time)).verdict;
        assert_eq!(flush(1), Verdict::Good);
        assert_eq!(flush(20), Verdict::Risk);
        assert_eq!(flush(1_000), Verdict::Wrong);
        let room = |mib| judge_room("", ByteSize::mib(mib)).verdict;
        assert_eq!(room(63), Verdict::Wrong);
        assert_eq!(room(1_023), Verdict::Risk);
        assert_eq!(room(1_024), Verdict::Good);
    }

    #[test]
    fn a_file_that_others_can_use_is_found_and_nothing_is_left_behind() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a.db");
        let url = format!("sqlite://{}", file.display());
        std::fs::write(&file, "").unwrap();
        let set = |mode| std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        set(0o644);
        let about = |found: &[Finding]| bad(found).join("\n").contains("the database's file");
        assert!(about(&on(&url)));
        set(0o600);
        assert!(!about(&on(&url)));
        assert_eq!(directory.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_wrong_and_one_that_is_missing_is_not() {
        let found = bad(&on("sqlite:///proc/a.db")).join("\n");
        assert!(found.contains("WRONG the disk's flush"), "{found}");
        assert_eq!(
            bad(&on("sqlite:///nowhere/at/all/a.db")),
            Vec::<String>::new()
        );
    }
}
