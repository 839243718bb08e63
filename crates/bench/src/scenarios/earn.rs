//! Earning under a limit that all customers share, one hot row, against earning without.

use anyhow::Result;
use serde_json::{Value, json};

use super::{Bench, bulk, single};
use crate::load::{self, Done, Until};
use crate::report::{Baseline, Row, Target};
use crate::stand::{BULK_CONNECTIONS, SINGLE_CONNECTIONS, Stand, blocks};
use crate::stats::Sample;

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Row>> {
    let stand = bench.stand().await?;
    let free = stand.direct_badge(Value::Null).await?;
    let limited = limited_badge(&stand).await?;
    let measured = Until::After(bench.plan.duration);

    let (mut ours, mut theirs) = (Sample::default(), Sample::default());
    for repetition in 0..=bench.plan.repetitions {
        let until = [bulk::WARM_UP, measured][repetition.min(1)];
        let with = in_bulk(&stand, &limited, until).await?.customers();
        let without = in_bulk(&stand, &free, until).await?.customers();
        if repetition > 0 {
            ours.add(with);
            theirs.add(without);
        }
    }
    let mut rows = vec![row(
        bench,
        "earning in bulk, limited",
        "rows/s",
        ours,
        theirs,
    )];

    let (mut ours, mut theirs) = (Sample::default(), Sample::default());
    for repetition in 0..=bench.plan.repetitions {
        let until = [single::WARM_UP, measured][repetition.min(1)];
        let with = singly(&stand, &limited, until).await?.rate();
        let without = singly(&stand, &free, until).await?.rate();
        if repetition > 0 {
            ours.add(with);
            theirs.add(without);
        }
    }
    rows.push(row(
        bench,
        "single earns, limited",
        "requests/s",
        ours,
        theirs,
    ));
    Ok(rows)
}

/// A badge with a limit that all customers share, and that nobody is refused by.
pub(crate) async fn limited_badge(stand: &Stand) -> Result<String> {
    let limit = json!([{"constraintType": "BADGE_FIXED_VALUE", "maxEarnLimit": 2_000_000_000}]);
    stand.direct_badge(limit).await
}

pub(crate) async fn in_bulk(stand: &Stand, badge: &str, until: Until) -> Result<Done> {
    stand.settle().await?;
    let mut writer = stand.writer(badge);
    let mut blocks = blocks(stand.customers());
    let next = move || writer.earn_bulk(blocks());
    load::closed_loop(&stand.target().await?, BULK_CONNECTIONS, until, next).await
}

pub(crate) async fn singly(stand: &Stand, badge: &str, until: Until) -> Result<Done> {
    stand.settle().await?;
    let mut writer = stand.writer(badge);
    let next = move || writer.earn(stand.passer_by());
    load::closed_loop(&stand.target().await?, SINGLE_CONNECTIONS, until, next).await
}

fn row(bench: &Bench<'_>, name: &str, unit: &'static str, limited: Sample, free: Sample) -> Row {
    Row {
        name: name.to_owned(),
        database: bench.database(),
        unit,
        ours: limited,
        baseline: Some(Baseline {
            name: "without limits".to_owned(),
            sample: free,
        }),
        target: Target::AtLeast(0.7),
    }
}
