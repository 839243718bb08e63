//! Look-ups of customers' badges, four in five, among single enrolments, against the same
//! look-ups without a server.

use std::ops::Range;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use super::Bench;
use crate::baselines::{replay_postgres, replay_sqlite, statements};
use crate::calls::{look_up, scattered};
use crate::http::Connection;
use crate::load::{self, Until};
use crate::report::{Baseline, Row, Target};
use crate::stand::{SINGLE_CONNECTIONS, Stand};
use crate::stats::Sample;

/// As many as the server has connections to its database, unless it is told otherwise.
const RAW_CONNECTIONS: usize = 8;

/// Badges that customers are enrolled for, of which each customer has every fourth.
const ENROLLED: i64 = 40;

/// Badges that customers earn, of which each customer has every second.
const EARNED: i64 = 10;

/// How long each side runs before it is measured.
const WARM_UP: Duration = Duration::from_millis(300);

/// How many badges a look-up shows.
const SHOWN: usize = 5;

/// How many customers' look-ups the raw ones are made of.
const RECORDED: i64 = 500;

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Row>> {
    let stand = bench.set_up().await?;
    let holders = bench.plan.holders;
    seed(&stand, holders).await?;
    let till = stand.badge().await?;
    let database = stand.database();
    let recorded = (0..RECORDED).map(|it| 1 + it * holders / RECORDED);
    let raw = statements::record(database, recorded)?;

    let (mut mixed, mut alone, mut theirs) = <(Sample, Sample, Sample)>::default();
    for repetition in 0..=bench.plan.repetitions {
        let duration = match repetition {
            0 => WARM_UP,
            _ => bench.plan.duration,
        };
        let until = Until::After(duration);
        stand.settle().await?;
        let both = send(&stand, &till, holders, 5, until).await?;
        let pure = send(&stand, &till, holders, u64::MAX, until).await?;
        let sql = match database.file() {
            Some(file) => replay_sqlite::run(file, &raw, RAW_CONNECTIONS, duration)?,
            None => replay_postgres::run(&database.url(), &raw, RAW_CONNECTIONS, duration).await?,
        };
        if repetition > 0 {
            mixed.add(both);
            alone.add(pure);
            theirs.add(sql);
        }
    }
    let row = |name: &str, ours: Sample, target| Row {
        name: name.to_owned(),
        database: bench.database(),
        unit: "requests/s",
        ours,
        baseline: Some(Baseline {
            name: format!("the look-up's SQL, {RAW_CONNECTIONS} connections"),
            sample: theirs.clone(),
        }),
        target,
    };
    Ok(vec![
        row(
            "80 % look-ups, 20 % single enrolments",
            mixed,
            Target::AtLeast(0.6),
        ),
        row("look-ups alone", alone, Target::None),
    ])
}

/// Gives each of the customers from 1 on ten enrolments and five earned badges.
pub(crate) async fn seed(stand: &Stand, holders: i64) -> Result<()> {
    /// The part of the customers that has a badge, in turns.
    fn part(holders: i64, badge: i64, parts: i64) -> Range<i64> {
        let size = holders / parts;
        let first = 1 + badge % parts * size;
        first..first + size
    }
    let mut connection = Connection::open(&stand.target().await?).await?;
    for badge in 0..ENROLLED {
        let mut writer = stand.writer(&stand.badge().await?);
        connection
            .call(writer.enrol(part(holders, badge, 4)))
            .await?;
    }
    for badge in 0..EARNED {
        let mut writer = stand.writer(&stand.direct_badge(Value::Null).await?);
        connection
            .call(writer.earn_bulk(part(holders, badge, 2)))
            .await?;
    }
    Ok(())
}

/// Sends look-ups, but each `every`th time an enrolment: requests a second.
pub(crate) async fn send(
    stand: &Stand,
    till: &str,
    holders: i64,
    every: u64,
    until: Until,
) -> Result<f64> {
    let mut writer = stand.writer(till);
    let mut number = 0_u64;
    let next = || {
        number += 1;
        if number.is_multiple_of(every) {
            let customer = stand.passer_by();
            writer.enrol(customer..customer + 1)
        } else {
            look_up(1 + scattered(number) % holders, SHOWN)
        }
    };
    let done = load::closed_loop(&stand.target().await?, SINGLE_CONNECTIONS, until, next).await?;
    Ok(done.rate())
}
