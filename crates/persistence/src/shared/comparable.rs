//! The step of a migration that SQL cannot say: identifiers that the directory has get the form in
//! which they are compared now.
//!
//! It runs inside the migration's transaction, so it is done whole or not at all. It reads page by
//! page, keeps what changes in a table of its own, and writes that by one statement. Identifiers are
//! personal data: what it says of them names customers only.

use std::collections::BTreeMap;

use accolade_domain::identifier::IdentifierKind;
use anyhow::Context as _;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, SmallInt, Text};

use super::directory_sql::{PAGE, insert_new_forms};
use super::{Connection, DB};
use crate::migrations::{NewForm, StoredIdentifier};
use crate::retry::WorkError;
use crate::statement::Statement;

/// How many identifiers are read at a time.
const PAGE_SIZE: i64 = 10_000;

const TABLE: &str = "CREATE TABLE new_identifiers ( \
     org_id BIGINT NOT NULL, kind SMALLINT NOT NULL, old_form TEXT NOT NULL, new_form TEXT NOT NULL, \
     customer_id BIGINT NOT NULL, stays SMALLINT NOT NULL DEFAULT 0, \
     PRIMARY KEY (org_id, kind, new_form, customer_id))";

/// A form that somebody has already, or that two would get, nobody gets.
const STAYS: &str = "UPDATE new_identifiers SET stays = 1 WHERE EXISTS ( \
     SELECT 1 FROM new_identifiers n WHERE n.org_id = new_identifiers.org_id \
     AND n.kind = new_identifiers.kind AND n.new_form = new_identifiers.new_form \
     AND n.customer_id <> new_identifiers.customer_id) \
     OR EXISTS (SELECT 1 FROM customer_identifiers i WHERE i.org_id = new_identifiers.org_id \
     AND i.kind = new_identifiers.kind AND i.comparable = new_identifiers.new_form)";

const WRITE: &str = "UPDATE customer_identifiers SET comparable = n.new_form \
     FROM new_identifiers n WHERE n.stays = 0 AND customer_identifiers.org_id = n.org_id \
     AND customer_identifiers.kind = n.kind AND customer_identifiers.comparable = n.old_form";

/// Whoever would have had the same: those whose form would have changed, and those who have it.
const SHARED: &str = "SELECT n.org_id, n.kind, n.new_form, n.customer_id \
     FROM new_identifiers n WHERE n.stays = 1 \
     UNION SELECT i.org_id, i.kind, i.comparable, i.customer_id \
     FROM new_identifiers n JOIN customer_identifiers i \
     ON i.org_id = n.org_id AND i.kind = n.kind AND i.comparable = n.new_form \
     WHERE n.stays = 1 ORDER BY 1, 2, 3, 4";

type IdentifierColumns = (BigInt, SmallInt, Text, BigInt);

/// Gives every identifier the form in which it is compared. Where two customers of an org would then
/// have the same, all keep what they have; gives a sentence for each such case.
pub(super) fn make_comparable(connection: &mut Connection) -> anyhow::Result<Vec<String>> {
    connection.batch_execute(TABLE)?;
    let mut last: StoredIdentifier = (0, 0, String::new(), 0);
    loop {
        let page = Statement::<DB, IdentifierColumns>::named(&PAGE)
            .set::<BigInt, _>("org", last.0)
            .set::<SmallInt, _>("kind", last.1)
            .set::<Text, _>("text", last.2.as_str())
            .set::<SmallInt, _>("mobile", IdentifierKind::Mobile.number())
            .set::<BigInt, _>("most", PAGE_SIZE)
            .load(connection)?;
        let Some(next) = page.last().cloned() else {
            break;
        };
        last = next;
        let new_forms = page
            .into_iter()
            .filter_map(|identifier| new_form(identifier).transpose())
            .collect::<anyhow::Result<Vec<_>>>()?;
        if !new_forms.is_empty() {
            insert_new_forms(connection, &new_forms).map_err(WorkError::into_cause)?;
        }
    }
    connection.batch_execute(STAYS)?;
    connection.batch_execute(WRITE)?;
    let shared = Statement::<DB, IdentifierColumns>::new(SHARED).load(connection)?;
    connection.batch_execute("DROP TABLE new_identifiers")?;
    shared_by(shared)
}

/// The form that an identifier gets; `None` if it has it. No org has a region yet.
fn new_form((org, kind, text, customer): StoredIdentifier) -> anyhow::Result<Option<NewForm>> {
    let known = IdentifierKind::from_number(kind).context("a stored kind of identifier")?;
    let new = known.comparable(&text, None).text;
    Ok((new != text).then_some(NewForm {
        org,
        kind,
        old: text,
        new,
        customer,
    }))
}

/// A sentence for each identifier that several customers would have.
fn shared_by(rows: Vec<StoredIdentifier>) -> anyhow::Result<Vec<String>> {
    let mut customers: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for (org, kind, text, customer) in rows {
        let sharing = customers.entry((org, kind, text)).or_default();
        sharing.push(customer.to_string());
    }
    customers
        .into_iter()
        .map(|((org, kind, _), customers)| {
            let kind = IdentifierKind::from_number(kind).context("a stored kind of identifier")?;
            Ok(format!(
                "organisation {org}: the customers {} have the same {} in different spellings and \
                 keep them; register them anew",
                customers.join(" and "),
                kind.name()
            ))
        })
        .collect()
}
