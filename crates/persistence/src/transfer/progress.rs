//! What the target remembers of a transfer that has not ended: which tables are done, and of which
//! source they are. The table for it goes when the transfer ends, so that whoever finds it knows that
//! the database is not whole.

use std::collections::BTreeSet;

use anyhow::bail;
use sha2::{Digest as _, Sha256};

use crate::direct::{DirectConnection, Purpose, Value};
use crate::transfer::tables::{TABLES, spell};

/// What whoever opens such a database is told.
pub const UNFINISHED: &str = "it is the target of a transfer that has not ended: go on with the same \
     `accolade-server transfer --from … --to …`, or empty it and begin again";

const NAME: &str = "transfer_progress";

const CREATE: &str = "CREATE TABLE transfer_progress (name TEXT PRIMARY KEY, source TEXT NOT NULL)";

/// What tells one source from another, and from itself if somebody has used it since: orgs and whoever
/// may act for them. They are few.
const MARKS: [&str; 3] = ["orgs", "actors", "api_clients"];

/// The row that is there from the beginning.
const BEGUN: &str = "";

/// Whether the database is the target of a transfer that has not ended.
pub(crate) fn is_unfinished(connection: &mut dyn DirectConnection) -> anyhow::Result<bool> {
    connection.has_table(NAME)
}

/// The transfer has ended.
pub(super) fn end(target: &mut dyn DirectConnection) -> anyhow::Result<()> {
    target.execute("DROP TABLE transfer_progress")
}

/// In a transaction that writes the last rows of a table: it is done.
pub(super) fn finish(target: &mut dyn DirectConnection, table: &str) -> anyhow::Result<()> {
    let finish = "INSERT INTO transfer_progress (name, source) VALUES (?, '') RETURNING 1";
    target.read(finish, &[Value::Text(table.to_owned())], &mut |_| Ok(()))
}

/// Which tables are done.
pub(super) struct Recorded(BTreeSet<String>);

impl Recorded {
    /// Reads it, or begins a transfer of which none is done.
    pub(super) fn begin(
        source: &mut dyn DirectConnection,
        target: &mut dyn DirectConnection,
    ) -> anyhow::Result<Self> {
        let mark = mark(source)?;
        if !is_unfinished(target)? {
            target.within(Purpose::Write, &mut |target| {
                target.execute(CREATE)?;
                let begin =
                    "INSERT INTO transfer_progress (name, source) VALUES ('', ?) RETURNING 1";
                target.read(begin, &[Value::Text(mark.clone())], &mut |_| Ok(()))
            })?;
            return Ok(Self(BTreeSet::new()));
        }
        let (mut done, mut begun_from) = (BTreeSet::new(), String::new());
        let read = "SELECT name, source FROM transfer_progress";
        target.read(read, &[], &mut |row| {
            let name = row.text(0)?;
            if name == BEGUN {
                row.text(1)?.clone_into(&mut begun_from);
            } else {
                done.insert(name.to_owned());
            }
            Ok(())
        })?;
        if begun_from != mark {
            bail!(
                "the target has a part of another source, or the source was used since: empty the \
                 target and begin again"
            );
        }
        Ok(Self(done))
    }

    pub(super) fn is_done(&self, table: &str) -> bool {
        self.0.contains(table)
    }
}

/// What is in the source's tables that tell it from others, as a short text.
fn mark(source: &mut dyn DirectConnection) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    for table in TABLES.iter().filter(|it| MARKS.contains(&it.name)) {
        let select = table.select(source, false);
        let mut spelled = Vec::new();
        source.read(&select, &[], &mut |row| {
            spelled.clear();
            spell(&row, &mut spelled);
            hash.update(&spelled);
            Ok(())
        })?;
    }
    Ok(hex::encode(hash.finalize()))
}
