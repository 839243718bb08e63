//! The statements of a look-up, as the server's own code sends them: it is run here once for
//! each of some customers while Diesel tells what it executes. So the baseline runs the same
//! SQL with the same values, whatever becomes of either.

use std::cell::RefCell;

use accolade_application::ports::{CustomerBadgeQuery, CustomerBadgeType};
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_domain::owner::OwnerType;
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
    /// Values of the same types where none of these is null, if any of them is: PostgreSQL
    /// has to be told the type of what has no value.
    pub(crate) example: Vec<Value>,
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

/// Records the look-ups of what these customers have earned, as `customer/{id}` makes them.
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
    let look_up = |query: &CustomerBadgeQuery| {
        SAID.take();
        let found = opened.stores.customer_badges.list(org, query)?;
        let said = SAID.take();
        let statements = said.iter().filter_map(|it| parse(it).transpose());
        anyhow::Ok((found, statements.collect::<Result<LookUp>>()?))
    };
    let (_, filtered) = look_up(&with_every_filter(query(1)?)?)?;
    customers
        .map(|customer| {
            let (found, mut statements) = look_up(&query(customer)?)?;
            ensure!(!found.items.is_empty(), "{customer} has earned nothing");
            ensure!(!statements.is_empty(), "Diesel says nothing");
            for statement in &mut statements {
                if statement.values.contains(&Value::Option(None)) {
                    let twin = filtered.iter().find(|it| it.sql == statement.sql);
                    let twin = twin.context("a statement without an example")?;
                    statement.example.clone_from(&twin.values);
                }
            }
            Ok(statements)
        })
        .collect()
}

/// What `customer/{id}?badgeType=EARNED` asks.
fn query(customer: i64) -> Result<CustomerBadgeQuery> {
    let customer = customer.try_into()?;
    Ok(CustomerBadgeQuery::of(
        customer,
        CustomerBadgeType::Earned,
        moment()?,
    ))
}

/// The same with a value wherever there may be one.
fn with_every_filter(query: CustomerBadgeQuery) -> Result<CustomerBadgeQuery> {
    let moment = Some(moment()?);
    Ok(CustomerBadgeQuery {
        active: Some(true),
        owner: Some(OwnerType::Loyalty),
        claimed_by: Some(OwnerType::Loyalty),
        name_contains: Some("badge".to_owned()),
        starts_after: moment,
        starts_before: moment,
        ends_after: moment,
        ends_before: moment,
        group: Some("66276dc68fe258516a88ff8e".parse()?),
        ..query
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
        example: Vec::new(),
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
