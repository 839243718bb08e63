//! The ledger against what its requests recorded: an answer names every enrolment and earned badge that
//! came of the request, each of which names the request, and the feed and the expiries tell of it.

use std::collections::{BTreeMap, HashMap};

use accolade_application::answer::Answer;
use accolade_domain::event::{EventKind, is_expiry_told};
use accolade_domain::instant::Instant;
use accolade_domain::text::RequestId;

use crate::answers::decode_kept;
use crate::direct::{DirectConnection, Row, number};
use crate::feed::expiries::{Recorded, recorded};
use crate::feed::expiry_sql::DueSet;
use crate::feed::parts;
use crate::mapping::{instant, stored};
use crate::progress::Progress;
use crate::verify::{Report, moment};

pub(super) const NAME: &str = "the ledger and its rows";

/// How many rows are read between two words of how far it is.
const STEP: u64 = 10_000;

/// Of each request what the ledger has, then what names it: enrolments, earned badges, expiries, rows of
/// the feed.
const ROWS: &str = "SELECT org_id, number, 0 AS what, CAST(NULL AS BYTEA) AS id, recorded_on AS moment, \
     0 AS requests, 0 AS customers, request_id, answer FROM request_ledger \
     UNION ALL SELECT org_id, request_no, 1, id, expires_on, 0, 0, NULL, NULL FROM enrolments \
     UNION ALL SELECT org_id, request_no, 2, id, expires_on, 0, 0, NULL, NULL FROM earned_badges \
     UNION ALL SELECT org_id, ledger_no, 3, NULL, due_on, requests, customers, NULL, NULL \
     FROM expiries \
     UNION ALL SELECT org_id, ledger_no, 4, NULL, recorded_on, 0, 0, NULL, NULL FROM feed \
     WHERE ledger_no IS NOT NULL AND kind IN (:recorded)";

/// On PostgreSQL what was recorded just now has no position yet, and what is due of it may be with it.
const OUTBOX: &str = " UNION ALL SELECT org_id, ledger_no, 4, NULL, recorded_on, 0, 0, NULL, NULL \
     FROM outbox WHERE ledger_no IS NOT NULL AND kind IN (:recorded) \
     UNION ALL SELECT org_id, due_ledger_no, 3, NULL, due_on, due_requests, due_customers, NULL, NULL \
     FROM outbox WHERE due_on IS NOT NULL";

/// Rows that tell of several requests name none in a column.
const SHARED: &str =
    "SELECT org_id, data FROM feed WHERE ledger_no IS NULL AND kind IN (:recorded)";

const SHARED_OUTBOX: &str =
    " UNION ALL SELECT org_id, data FROM outbox WHERE ledger_no IS NULL AND kind IN (:recorded)";

const ORDER: &str = " ORDER BY 1, 2, 3, 4";

/// What a feed tells first of what a request recorded.
const RECORDED: [EventKind; 3] = [
    EventKind::EnrolmentCreated,
    EventKind::EarnCreated,
    EventKind::EarnImported,
];

/// Looks at all requests, one after another.
pub(super) fn look(
    connection: &mut dyn DirectConnection,
    now: Instant,
    progress: &dyn Progress,
    report: &mut Report<'_>,
) -> anyhow::Result<()> {
    let mut orgs = Orgs::read(connection, now)?;
    let rows = number(
        connection,
        "SELECT (SELECT count(*) FROM request_ledger) + (SELECT count(*) FROM enrolments) \
         + (SELECT count(*) FROM earned_badges)",
        &[],
    )?;
    progress.begin(NAME, Some(rows.unsigned_abs()));
    let (outbox, shared_outbox) = if connection.has_table("outbox")? {
        (OUTBOX, SHARED_OUTBOX)
    } else {
        ("", "")
    };
    let kinds = RECORDED.map(|kind| kind.number().to_string()).join(", ");
    let sql = format!("{ROWS}{outbox}{ORDER}").replace(":recorded", &kinds);
    let shared = format!("{SHARED}{shared_outbox}").replace(":recorded", &kinds);
    connection.read(&shared, &[], &mut |row| {
        let org = row.number(0)?;
        let data = row.optional_bytes(1)?.unwrap_or_default();
        // What cannot be read is found where the feed is looked at.
        for number in parts::requests(data).unwrap_or_default() {
            orgs.shared.add(org, number);
        }
        Ok(())
    })?;
    let mut request = Request::default();
    let mut runs = Runs::default();
    let mut rows = 0;
    connection.read(&sql, &[], &mut |row| {
        let key = (row.number(0)?, row.number(1)?);
        if key != request.key {
            std::mem::take(&mut request).judge(&orgs, &mut runs, report)?;
            request.key = key;
        }
        request.add(&row)?;
        rows += 1;
        if rows % STEP == 0 {
            progress.advance(STEP);
        }
        Ok(())
    })?;
    request.judge(&orgs, &mut runs, report)?;
    runs.close(|_| true, report)
}

/// What is to be known of each org.
struct Orgs {
    now: Instant,
    /// What was recorded later than this is in the feed: nothing so late was forgotten.
    fed_since: HashMap<i64, i64>,
    /// Requests up to this one may have no expiries yet.
    backlogs: HashMap<i64, i64>,
    /// Requests that the feed tells of together with others.
    shared: Shared,
}

/// Requests by org and number, as ranges: what shares a transaction has numbers that follow each other.
#[derive(Default)]
struct Shared {
    /// The last number of each range, by the org and the first.
    ranges: BTreeMap<(i64, i64), i64>,
    /// Those that were added more than once.
    again: HashMap<(i64, i64), usize>,
}

impl Shared {
    fn add(&mut self, org: i64, number: i64) {
        if self.has(org, number) {
            *self.again.entry((org, number)).or_default() += 1;
            return;
        }
        let last = self.ranges.remove(&(org, number + 1)).unwrap_or(number);
        match self.range_before(org, number) {
            Some((first, end)) if end == number - 1 => self.ranges.insert((org, first), last),
            _ => self.ranges.insert((org, number), last),
        };
    }

    fn range_before(&self, org: i64, number: i64) -> Option<(i64, i64)> {
        let mut ranges = self.ranges.range((org, i64::MIN)..=(org, number));
        ranges.next_back().map(|((_, first), last)| (*first, *last))
    }

    fn has(&self, org: i64, number: i64) -> bool {
        self.range_before(org, number)
            .is_some_and(|(_, last)| last >= number)
    }

    /// How often it was added.
    fn count(&self, (org, number): (i64, i64)) -> usize {
        let again = self.again.get(&(org, number));
        usize::from(self.has(org, number)) + again.copied().unwrap_or_default()
    }
}

impl Orgs {
    fn read(connection: &mut dyn DirectConnection, now: Instant) -> anyhow::Result<Self> {
        let mut pairs = |sql: &str| -> anyhow::Result<HashMap<i64, i64>> {
            let mut pairs = HashMap::new();
            connection.read(sql, &[], &mut |row| {
                pairs.insert(row.number(0)?, row.number(1)?);
                Ok(())
            })?;
            Ok(pairs)
        };
        Ok(Self {
            now,
            fed_since: pairs("SELECT org_id, min(latest_on) FROM feed GROUP BY org_id")?,
            backlogs: pairs("SELECT org_id, upto FROM expiry_backlog")?,
            shared: Shared::default(),
        })
    }
}

/// An enrolment or earned badge, and when it expires.
type Kept = (Vec<u8>, i64);

/// A request, and all that names it.
#[derive(Default)]
struct Request {
    /// Of which org, under which number.
    key: (i64, i64),
    ledger: Option<Ledger>,
    enrolments: Vec<Kept>,
    earns: Vec<Kept>,
    /// When something is due of this request, and of those that follow it.
    expiries: Vec<DueSet>,
    told: usize,
}

struct Ledger {
    recorded_on: i64,
    request_id: RequestId,
    answer: Vec<u8>,
}

impl Request {
    fn add(&mut self, row: &Row) -> anyhow::Result<()> {
        let moment = row.number(4)?;
        match row.number(2)? {
            0 => {
                self.ledger = Some(Ledger {
                    recorded_on: moment,
                    request_id: RequestId::from_stored(row.text(7)?.to_owned()),
                    answer: row.bytes(8)?.to_vec(),
                });
            }
            1 => self.enrolments.push((row.bytes(3)?.to_vec(), moment)),
            2 => self.earns.push((row.bytes(3)?.to_vec(), moment)),
            3 => self.expiries.push(DueSet {
                due_on: moment,
                ledger_no: row.number(1)?,
                requests: stored(row.number(5)?)?,
                customers: stored(row.number(6)?)?,
            }),
            _ => self.told += 1,
        }
        Ok(())
    }

    /// Reports what disagrees.
    fn judge(self, orgs: &Orgs, runs: &mut Runs, report: &mut Report<'_>) -> anyhow::Result<()> {
        let (org, number) = self.key;
        runs.close(|it| it.org != org || it.due.numbers().end <= number, report)?;
        let Some(ledger) = &self.ledger else {
            let named = self.enrolments.len() + self.earns.len();
            if named + self.expiries.len() + self.told > 0 {
                report.add(format!(
                    "org {org}: the ledger has no request {number}, which {named} enrolments and earned \
                     badges name, {} expiries and {} rows of the feed",
                    self.expiries.len(),
                    self.told
                ));
            }
            return Ok(());
        };
        let name = format!(
            "org {org}: the request {:?} ({number})",
            ledger.request_id.as_str()
        );
        let kept = match decode_kept(&ledger.answer, Some(&ledger.request_id)) {
            Ok(kept) => kept,
            Err(error) => {
                report.add(format!(
                    "{name} has an answer that cannot be read: {error:#}"
                ));
                return Ok(());
            }
        };
        let recorded = recorded(&kept).map_or_else(Vec::new, |(_, recorded)| recorded);
        let none = Vec::new();
        let (enrolments, earns) = match kept.answer {
            Answer::Enrolment(_) => (&recorded, &none),
            _ => (&none, &recorded),
        };
        compare(&name, "enrolments", enrolments, &self.enrolments, report);
        compare(&name, "earned badges", earns, &self.earns, report);
        self.judge_told(&name, ledger, !recorded.is_empty(), orgs, report);
        self.judge_expiries(&name, ledger, &recorded, orgs, runs, report)
    }

    fn judge_told(
        &self,
        name: &str,
        ledger: &Ledger,
        has_recorded: bool,
        orgs: &Orgs,
        report: &mut Report<'_>,
    ) {
        let fed_since = orgs.fed_since.get(&self.key.0);
        let is_fed = fed_since.is_some_and(|since| ledger.recorded_on > *since);
        let told = self.told + orgs.shared.count(self.key);
        if told > 1 {
            report.add(format!("{name} is in the feed {told} times"));
        } else if has_recorded && is_fed && told == 0 {
            report.add(format!(
                "{name} has recorded something that the feed does not tell"
            ));
        }
    }

    fn judge_expiries(
        &self,
        name: &str,
        ledger: &Ledger,
        recorded: &[Recorded],
        orgs: &Orgs,
        runs: &mut Runs,
        report: &mut Report<'_>,
    ) -> anyhow::Result<()> {
        let (org, number) = self.key;
        let mut due: HashMap<i64, i64> = HashMap::new();
        for it in recorded {
            *due.entry(it.expires_on.unix_micros()).or_default() += 1;
        }
        for it in &self.expiries {
            runs.0.push(Run {
                org,
                name: name.to_owned(),
                due: *it,
                requests: 0,
                recorded: 0,
            });
        }
        for it in &mut runs.0 {
            let recorded = due.remove(&it.due.due_on).unwrap_or(0);
            it.requests += i32::from(recorded > 0);
            it.recorded += recorded;
        }
        let backlog = orgs.backlogs.get(&org);
        if backlog.is_some_and(|upto| *upto >= number) {
            return Ok(());
        }
        let recorded_on = instant(ledger.recorded_on)?;
        for (due_on, recorded) in due {
            let expires_on = instant(due_on)?;
            if expires_on > orgs.now && is_expiry_told(expires_on, recorded_on) {
                report.add(format!(
                    "{name} has {recorded} that expire on {expires_on}, which nobody is to be told of"
                ));
            }
        }
        Ok(())
    }
}

/// Rows that say when something is due, whose requests are being looked at.
#[derive(Default)]
struct Runs(Vec<Run>);

struct Run {
    org: i64,
    /// What the first of its requests is called.
    name: String,
    due: DueSet,
    /// How many of its requests recorded something that expires at that instant.
    requests: i32,
    /// How much that is.
    recorded: i64,
}

impl Runs {
    /// Reports what disagrees of those whose requests were all looked at.
    fn close(
        &mut self,
        is_over: impl Fn(&Run) -> bool,
        report: &mut Report<'_>,
    ) -> anyhow::Result<()> {
        for it in self.0.extract_if(.., |it| is_over(it)) {
            let due = it.due;
            // Who was erased stays counted here until it is due.
            if it.requests == due.requests && it.recorded <= i64::from(due.customers) {
                continue;
            }
            let others = match due.requests {
                1 => String::new(),
                all => format!(
                    ", the first of {all} requests of which {} recorded something due then,",
                    it.requests
                ),
            };
            report.add(format!(
                "{}{others} has {} that expire on {}, and {} are to be told of",
                it.name,
                it.recorded,
                moment(due.due_on)?,
                due.customers
            ));
        }
        Ok(())
    }
}

/// Reports what only the answer, or only a row, tells of.
fn compare(name: &str, of_what: &str, told: &[Recorded], kept: &[Kept], report: &mut Report<'_>) {
    // The rows of customers who were forgotten are gone.
    let told = told.iter().filter_map(|it| {
        let (_, id) = it.of?;
        Some((id.as_bytes().to_vec(), it.expires_on.unix_micros()))
    });
    let mut told: Vec<Kept> = told.collect();
    told.sort_unstable();
    let mut kept = kept.to_vec();
    kept.sort_unstable();
    if told == kept {
        return;
    }
    let missing = told.iter().filter(|it| kept.binary_search(it).is_err());
    let further = kept.iter().filter(|it| told.binary_search(it).is_err());
    let first = missing.clone().chain(further.clone()).next();
    report.add(format!(
        "{name} has {} {of_what} in its answer, of which {} are not kept so, and {} are kept that are \
         not in it: {} for one",
        told.len(),
        missing.count(),
        further.count(),
        first.map_or_else(|| "one twice".to_owned(), |it| hex::encode(&it.0))
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_kept_as_ranges_and_those_that_come_again_are_counted() {
        let mut shared = Shared::default();
        for number in [1, 2, 5, 4, 3, 8, 7, 2, 2] {
            shared.add(9, number);
        }
        let ranges: Vec<_> = shared.ranges.iter().map(|it| (it.0.1, *it.1)).collect();
        assert_eq!(ranges, [(1, 5), (7, 8)]);
        let counts = [0, 1, 2, 5, 6, 8].map(|number| shared.count((9, number)));
        assert_eq!(counts, [0, 1, 3, 1, 0, 1]);
        assert_eq!(shared.count((8, 1)), 0);
    }
}
