//! The same for machines, with every single value.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Row, Target};
use crate::database::Kind;
use crate::machine::Machine;
use crate::plan::Plan;
use crate::stats::Sample;

/// What a run was made with.
#[derive(Debug)]
pub(crate) struct Run {
    /// Where.
    pub(crate) machine: Machine,
    /// How long and how often.
    pub(crate) plan: Plan,
    /// What the server says of itself.
    pub(crate) server: String,
    /// The versions of the databases.
    pub(crate) databases: BTreeMap<&'static str, String>,
    /// How long all of it took.
    pub(crate) seconds: f64,
}

impl Run {
    /// In a few lines.
    pub(crate) fn line(&self) -> String {
        let databases: Vec<_> = self
            .databases
            .iter()
            .map(|(name, version)| format!("{name} {version}"))
            .collect();
        format!(
            "{}\n{}, {}\n{} run: each side {} times {} s, in turns; {:.0} s in all",
            self.machine.line(),
            self.server,
            databases.join(", "),
            self.plan.name,
            self.plan.repetitions,
            self.plan.duration.as_secs_f64(),
            self.seconds
        )
    }
}

/// Everything.
pub(crate) fn render(run: &Run, rows: &[Row]) -> Value {
    let mut versions = run.databases.clone();
    versions.insert("server", run.server.clone());
    json!({
        "machine": run.machine,
        "versions": versions,
        "plan": run.plan,
        "seconds": run.seconds.round(),
        "measured": rows.iter().map(row).collect::<Vec<_>>(),
    })
}

fn row(row: &Row) -> Value {
    let baseline = row.baseline.as_ref().map(|baseline| {
        let mut value = sample(&baseline.sample);
        value["name"] = json!(baseline.name);
        value
    });
    json!({
        "name": row.name,
        "database": row.database,
        "unit": row.unit,
        "ours": sample(&row.ours),
        "baseline": baseline,
        "ratio": row.ratio(),
        "toReach": match row.target {
            Target::AtLeast(least) => json!({"atLeast": least}),
            Target::AtMost(most) => json!({"atMost": most}),
            Target::None => Value::Null,
        },
        "reached": row.reached(),
    })
}

fn sample(sample: &Sample) -> Value {
    let (min, max) = sample.spread();
    json!({"median": sample.median(), "min": min, "max": max, "values": sample.values()})
}

/// The version under the name of its database.
pub(crate) fn version_of(kind: Kind, version: String) -> (&'static str, String) {
    let name = match kind {
        Kind::Sqlite => "sqlite",
        Kind::Postgres => "postgresql",
    };
    (name, version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::examples;

    #[test]
    fn a_row_has_both_sides_the_ratio_and_every_value() {
        let expected = json!({
            "name": "peak memory",
            "database": "sqlite",
            "unit": "MiB",
            "ours": {"median": 160.25, "min": 160.25, "max": 160.25, "values": [160.25]},
            "baseline": null,
            "ratio": null,
            "toReach": {"atMost": 150.0},
            "reached": false,
        });
        assert_eq!(row(&examples::memory()), expected);
        let bulk = row(&examples::bulk());
        assert_eq!(bulk["baseline"]["name"], "COPY");
        assert_eq!(
            bulk["ours"]["values"],
            json!([70_000.0, 80_000.4, 90_000.0])
        );
        assert_eq!(bulk["reached"], true);
    }
}
