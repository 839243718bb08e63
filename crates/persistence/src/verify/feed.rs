//! The feed against itself and the ledger: positions without a hole, and as many events in each row as
//! it says.

use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;

use crate::direct::{DirectConnection, Row, number};
use crate::feed::expand;
use crate::feed::sql::{LedgerRow, StoredRow};
use crate::mapping::stored;
use crate::progress::Progress;
use crate::verify::Report;

pub(super) const NAME: &str = "the feed";

/// How many rows are read between two words of how far it is.
const STEP: u64 = 1_000;

const ROWS: &str = "SELECT f.org_id, f.last_position, f.recorded_on, f.latest_on, f.ledger_no, f.events, \
     f.kind, f.data, l.request_id, l.recorded_by, l.answer \
     FROM feed f LEFT JOIN request_ledger l ON l.org_id = f.org_id AND l.number = f.ledger_no \
     ORDER BY f.org_id, f.last_position";

/// Looks at all rows, one after another.
pub(super) fn look(
    connection: &mut dyn DirectConnection,
    _: Instant,
    progress: &dyn Progress,
    report: &mut Report<'_>,
) -> anyhow::Result<()> {
    let rows = number(connection, "SELECT count(*) FROM feed", &[])?;
    progress.begin(NAME, Some(rows.unsigned_abs()));
    let mut before: Option<(OrgId, StoredRow)> = None;
    let mut rows = 0;
    connection.read(ROWS, &[], &mut |row| {
        let org: OrgId = stored(row.number(0)?)?;
        let (row, ledger) = read(&row)?;
        let before_it = before.take().filter(|(of, _)| *of == org);
        judge(
            org,
            before_it.map(|(_, row)| row).as_ref(),
            &row,
            ledger.as_ref(),
            report,
        );
        before = Some((org, row));
        rows += 1;
        if rows % STEP == 0 {
            progress.advance(STEP);
        }
        Ok(())
    })
}

fn read(row: &Row) -> anyhow::Result<(StoredRow, Option<LedgerRow>)> {
    let ledger = match row.optional_bytes(10)? {
        None => None,
        Some(answer) => Some(LedgerRow {
            number: row.number(4)?,
            request_id: row.text(8)?.to_owned(),
            recorded_by: row.number(9)?,
            answer: answer.to_vec(),
        }),
    };
    let row = StoredRow {
        last_position: row.number(1)?,
        recorded_on: row.number(2)?,
        latest_on: row.number(3)?,
        ledger_no: row.optional_number(4)?,
        events: stored(row.number(5)?)?,
        kind: stored(row.number(6)?)?,
        data: row.optional_bytes(7)?.map(<[u8]>::to_vec),
    };
    Ok((row, ledger))
}

fn judge(
    org: OrgId,
    before: Option<&StoredRow>,
    row: &StoredRow,
    ledger: Option<&LedgerRow>,
    report: &mut Report<'_>,
) {
    let position = row.last_position;
    // What is older was forgotten, from the first position on.
    let expected = before.map_or(row.before().max(0), |before| before.last_position);
    if row.before() != expected {
        report.add(format!(
            "org {org}: the row of the feed at {position} begins behind {}, and the one before it ends \
             at {expected}",
            row.before()
        ));
    }
    let latest = before.map_or(row.recorded_on, |it| it.latest_on.max(row.recorded_on));
    if row.latest_on < latest {
        report.add(format!(
            "org {org}: the row of the feed at {position} is as late as {} (microseconds), and it or one \
             before it as {latest}",
            row.latest_on
        ));
    }
    if let Err(error) = expand::events(org, row, ledger) {
        report.add(format!(
            "org {org}: the row of the feed at {position} cannot be read: {error:#}"
        ));
    }
}
