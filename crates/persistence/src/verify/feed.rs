//! The feed against itself and the ledger: positions without a hole, and as many events in each row as
//! it says.

use std::collections::{BTreeSet, HashMap};

use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;

use crate::direct::{DirectConnection, Row, Value, number};
use crate::feed::sql::{LedgerRow, StoredRow};
use crate::feed::{expand, parts};
use crate::mapping::stored;
use crate::progress::Progress;
use crate::verify::Report;

pub(super) const NAME: &str = "the feed";

/// How many rows are read at once: each may name answers about ten thousand customers.
const PAGE: usize = 100;

const ROWS: &str = "SELECT org_id, last_position, recorded_on, latest_on, ledger_no, events, kind, data \
     FROM feed WHERE (org_id, last_position) > (?, ?) ORDER BY org_id, last_position LIMIT 100";

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
    let mut after = (0, 0);
    loop {
        let mut page: Vec<(OrgId, StoredRow)> = Vec::new();
        let values = [Value::Number(after.0), Value::Number(after.1)];
        connection.read(ROWS, &values, &mut |row| {
            page.push((stored(row.number(0)?)?, read(&row)?));
            Ok(())
        })?;
        let is_last = page.len() < PAGE;
        progress.advance(page.len() as u64);
        for of_org in page.chunk_by(|a, b| a.0 == b.0) {
            let org = of_org[0].0;
            for (_, row) in of_org {
                after = (org.get(), row.last_position);
                let last = before.take().filter(|(of, _)| *of == org);
                judge_place(org, last.as_ref().map(|(_, row)| row), row, report);
                before = Some((org, row.clone()));
            }
            judge_events(connection, org, of_org, report)?;
        }
        if is_last {
            return Ok(());
        }
    }
}

fn read(row: &Row) -> anyhow::Result<StoredRow> {
    Ok(StoredRow {
        last_position: row.number(1)?,
        recorded_on: row.number(2)?,
        latest_on: row.number(3)?,
        ledger_no: row.optional_number(4)?,
        events: stored(row.number(5)?)?,
        kind: stored(row.number(6)?)?,
        data: row.optional_bytes(7)?.map(<[u8]>::to_vec),
    })
}

/// Those requests of the ledger that have these numbers.
fn named(
    connection: &mut dyn DirectConnection,
    org: OrgId,
    numbers: &[i64],
) -> anyhow::Result<HashMap<i64, LedgerRow>> {
    let mut found = HashMap::new();
    if numbers.is_empty() {
        return Ok(found);
    }
    let numbers: Vec<_> = numbers.iter().map(i64::to_string).collect();
    let sql = format!(
        "SELECT number, request_id, recorded_by, answer FROM request_ledger \
         WHERE org_id = ? AND number IN ({})",
        numbers.join(", ")
    );
    connection.read(&sql, &[Value::Number(org.get())], &mut |row| {
        let ledger = LedgerRow {
            number: row.number(0)?,
            request_id: row.text(1)?.to_owned(),
            recorded_by: row.number(2)?,
            answer: row.bytes(3)?.to_vec(),
        };
        found.insert(ledger.number, ledger);
        Ok(())
    })?;
    Ok(found)
}

/// Whether all that the org's rows tell can be read.
fn judge_events(
    connection: &mut dyn DirectConnection,
    org: OrgId,
    rows: &[(OrgId, StoredRow)],
    report: &mut Report<'_>,
) -> anyhow::Result<()> {
    let mut unreadable = |position: i64, error: &anyhow::Error| {
        report.add(format!(
            "org {org}: the row of the feed at {position} cannot be read: {error:#}"
        ));
    };
    let mut separate = Vec::new();
    for (_, row) in rows {
        match parts::separated(vec![row.clone()], i64::MIN) {
            Ok(parts) => separate.extend(parts.into_iter().map(|it| (row.last_position, it))),
            Err(error) => unreadable(row.last_position, &error),
        }
    }
    let numbers: BTreeSet<_> = separate.iter().filter_map(|it| it.1.ledger_no).collect();
    let numbers: Vec<_> = numbers.into_iter().collect();
    let ledger = named(connection, org, &numbers)?;
    for (position, row) in &separate {
        let named = row.ledger_no.and_then(|number| ledger.get(&number));
        if let Err(error) = expand::events(org, row, named) {
            unreadable(*position, &error);
        }
    }
    Ok(())
}

/// Whether the row stands where the one before it ends, and is as late as those before it.
fn judge_place(org: OrgId, before: Option<&StoredRow>, row: &StoredRow, report: &mut Report<'_>) {
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
}
