//! The statements of a look-up, as the server's own code sends them: it is run here once for
//! each of some customers while Diesel tells what it executes. So the baseline runs the same
//! SQL with the same values, whatever becomes of either.

use std::cell::RefCell;

use accolade_application::ports::HeldQuery;
use accolade_domain::customer_view::EnrolmentsRead;
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_persistence::{DatabaseUrl, Options, open};
use anyhow::{Context as _, Error, Result, ensure};
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use ron::Value;

use crate::database::Database;
use crate::stand::ORG;

/// One statement and the values for its parameters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statement {
    /// With the parameters of the database: `?` or `$1`.
    pub(crate) sql: String,
    /// In the order of the parameters.
    pub(crate) values: Vec<Value>,
}

/// All statements of one look-up.
pub(crate) type LookUp = Vec<Statement>;

thread_local! {
    /// What Diesel said that it executes.
    static SAID: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

#[expect(clippy::unnecessary_wraps, reason = "Diesel asks for an option")]
fn listener() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            SAID.with_borrow_mut(|said| said.push(query.to_string()));
        }
    }))
}

/// Records the look-ups of what these customers have earned, as `customer/{id}?badgeType=EARNED`
/// makes them on a server that has read the catalogue before.
///
/// # Errors
/// The database does not answer; Diesel says something that is not understood.
pub(crate) fn record(
    database: &Database,
    customers: impl Iterator<Item = i64>,
) -> Result<Vec<LookUp>> {
    let url = match database.file() {
        Some(file) => DatabaseUrl::Sqlite(file.to_owned()),
        None => DatabaseUrl::Postgres(database.url()),
    };
    set_default_instrumentation(listener)?;
    let options = Options {
        pool_size: 1,
        ..Options::default()
    };
    let opened = open(&url, &options)?;
    let org = OrgId::try_from(ORG)?;
    let first = opened.stores.customer_badges.held(org, &query(1)?)?;
    customers
        .map(|customer| {
            SAID.take();
            let query = HeldQuery {
                known: Some(first.version),
                ..query(customer)?
            };
            let held = opened.stores.customer_badges.held(org, &query)?;
            let said = SAID.take();
            ensure!(!held.holdings.is_empty(), "{customer} has earned nothing");
            let statements = said.iter().filter_map(|it| parse(it).transpose());
            let statements = statements.collect::<Result<LookUp>>()?;
            ensure!(!statements.is_empty(), "Diesel says nothing");
            Ok(statements)
        })
        .collect()
}

/// What `customer/{id}?badgeType=EARNED` asks of the store.
fn query(customer: i64) -> Result<HeldQuery> {
    Ok(HeldQuery {
        customer: customer.try_into()?,
        now: moment()?,
        enrolments: EnrolmentsRead::Nothing,
        known: None,
    })
}

/// A moment at which everything is live that is made for this.
fn moment() -> Result<Instant> {
    Instant::parse_iso("2030-01-01T00:00:00Z").map_err(Error::msg)
}

/// Reads a statement with its values, `SELECT … -- binds: [1, None]`; what has none, such as
/// `COMMIT`, is not part of a look-up.
fn parse(said: &str) -> Result<Option<Statement>> {
    let Some((sql, values)) = said.rsplit_once(" -- binds: ") else {
        return Ok(None);
    };
    let values: Vec<Value> = ron::from_str(values).with_context(|| values.to_owned())?;
    Ok((!values.is_empty()).then(|| Statement {
        sql: sql.to_owned(),
        values,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_read_with_its_values() {
        let said = "SELECT a FROM b WHERE c = $1 AND d = $2 -- binds: [[1, 255], None]";
        let statement = parse(said).unwrap().unwrap();
        assert_eq!(statement.sql, "SELECT a FROM b WHERE c = $1 AND d = $2");
        let bytes = Value::Seq(vec![
            Value::Number(1_u8.into()),
            Value::Number(255_u8.into()),
        ]);
        assert_eq!(statement.values, [bytes, Value::Option(None)]);
    }

    #[test]
    fn what_has_no_values_is_no_part_of_a_look_up() {
        assert_eq!(parse("COMMIT").unwrap(), None);
        assert_eq!(parse("BEGIN -- binds: []").unwrap(), None);
    }
}
