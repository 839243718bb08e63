//! A step of a migration that SQL cannot say: texts by which callers look something up get the form
//! in which texts of callers are kept now.
//!
//! Those are the ids of requests, the references of claims, and the names of custom fields: under
//! the form that they had nobody would find them, and a request that is repeated would be carried
//! out again. The step runs inside the migration's transaction. A table of its own has each text
//! that changes once, with its new form, and each place is written by one statement.

use accolade_domain::badge::BadgeDefinition;
use accolade_domain::catalogue::CustomField;
use accolade_domain::text::{Name, normalized};
use anyhow::Context as _;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};

use super::text_sql::write_new_forms;
use super::{Connection, DB, position};
use crate::retry::WorkError;
use crate::schema::{badge_metas, custom_fields};
use crate::statement::{Sql, Statement, here};

/// How many texts are read at a time.
const PAGE_SIZE: i64 = 10_000;

const TABLE: &str = "CREATE TABLE new_texts (old_form TEXT PRIMARY KEY, new_form TEXT); \
     CREATE INDEX new_texts_new_form ON new_texts (new_form)";

/// The texts of a column that may have to change: what is not ASCII, and what has blanks around it.
macro_rules! texts {
    ($column:literal, $table:literal) => {
        concat!(
            "SELECT ",
            $column,
            " FROM ",
            $table,
            " WHERE octet_length(",
            $column,
            ") <> length(",
            $column,
            ") OR trim(",
            $column,
            ", ' \t\n\u{b}\u{c}\r') <> ",
            $column
        )
    };
}

const COLLECT: &str = concat!(
    "INSERT INTO new_texts (old_form) ",
    texts!("request_id", "request_ledger"),
    " UNION ",
    texts!("reference_id", "badge_claims"),
    " UNION ",
    texts!("name", "custom_fields"),
);

static PAGE: Sql<{ here!() }> =
    Sql::new("SELECT old_form FROM new_texts WHERE old_form > :last ORDER BY old_form LIMIT :most");

const FORGET_UNCHANGED: &str = "DELETE FROM new_texts WHERE new_form IS NULL";

/// Of requests that would have one id the oldest gets it, if none has it already: whoever repeats
/// one of them is told that the id is used.
const REQUESTS: &str = "UPDATE request_ledger SET request_id = n.new_form FROM new_texts n \
     WHERE request_ledger.request_id = n.old_form \
     AND NOT EXISTS (SELECT 1 FROM request_ledger o WHERE o.org_id = request_ledger.org_id \
     AND o.operation = request_ledger.operation AND o.request_id = n.new_form) \
     AND NOT EXISTS (SELECT 1 FROM new_texts m JOIN request_ledger o ON o.request_id = m.old_form \
     WHERE m.new_form = n.new_form AND o.org_id = request_ledger.org_id \
     AND o.operation = request_ledger.operation AND o.number < request_ledger.number)";

/// Idempotency keys follow the requests that they stand for.
const KEYS: &str = "UPDATE idempotency SET request_id = n.new_form FROM new_texts n \
     WHERE idempotency.request_id = n.old_form \
     AND NOT EXISTS (SELECT 1 FROM request_ledger o WHERE o.org_id = idempotency.org_id \
     AND o.operation = idempotency.operation AND o.request_id = n.old_form)";

/// How many requests of an org have kept their ids.
const REQUESTS_LEFT: &str = "SELECT r.org_id, count(*) FROM request_ledger r \
     JOIN new_texts n ON n.old_form = r.request_id GROUP BY r.org_id ORDER BY r.org_id";

/// Of claims that would be the same the first becomes it, if none is it already.
const CLAIMS_RENAMED: &str = "UPDATE badge_claims SET reference_id = n.new_form FROM new_texts n \
     WHERE badge_claims.reference_id = n.old_form \
     AND NOT EXISTS (SELECT 1 FROM badge_claims o WHERE o.org_id = badge_claims.org_id \
     AND o.badge_id = badge_claims.badge_id AND o.owner_type = badge_claims.owner_type \
     AND o.reference_id = n.new_form) \
     AND NOT EXISTS (SELECT 1 FROM new_texts m JOIN badge_claims o ON o.reference_id = m.old_form \
     WHERE m.new_form = n.new_form AND o.org_id = badge_claims.org_id \
     AND o.badge_id = badge_claims.badge_id AND o.owner_type = badge_claims.owner_type \
     AND o.position < badge_claims.position)";

/// It is active if any of them is, and the others are so no more.
const CLAIMS_MERGED: &str = "UPDATE badge_claims SET active = true WHERE NOT active \
     AND EXISTS (SELECT 1 FROM new_texts n JOIN badge_claims o ON o.reference_id = n.old_form \
     WHERE n.new_form = badge_claims.reference_id AND o.org_id = badge_claims.org_id \
     AND o.badge_id = badge_claims.badge_id AND o.owner_type = badge_claims.owner_type \
     AND o.active); \
     UPDATE badge_claims SET active = false \
     WHERE active AND reference_id IN (SELECT old_form FROM new_texts)";

/// Disabled fields are not looked up.
const FIELDS: &str = "SELECT f.org_id, f.id, f.name, f.value, n.new_form FROM custom_fields f \
     JOIN new_texts n ON n.old_form = f.name WHERE f.active ORDER BY f.org_id, f.id";

/// Org, id, name, the field as JSON, and its new name.
type FieldRow = (i64, Vec<u8>, String, String, String);

/// Brings texts that are looked up into the form in which they are kept. Where two would become one,
/// one of them keeps what it has; gives a sentence for what an operator should know of that.
pub(super) fn normalize_texts(connection: &mut Connection) -> anyhow::Result<Vec<String>> {
    connection.batch_execute(TABLE)?;
    connection.batch_execute(COLLECT)?;
    find_new_forms(connection)?;
    connection.batch_execute(FORGET_UNCHANGED)?;
    connection.batch_execute(REQUESTS)?;
    connection.batch_execute(KEYS)?;
    connection.batch_execute(CLAIMS_RENAMED)?;
    connection.batch_execute(CLAIMS_MERGED)?;
    let left: Vec<(i64, i64)> =
        Statement::<DB, (BigInt, BigInt)>::new(REQUESTS_LEFT).load(connection)?;
    let mut notes: Vec<_> = left.into_iter().map(requests_left).collect();
    notes.extend(rename_fields(connection)?);
    connection.batch_execute("DROP TABLE new_texts")?;
    Ok(notes)
}

/// Fills in the form that each text gets. What would be blank stays: nobody can ask for it.
fn find_new_forms(connection: &mut Connection) -> anyhow::Result<()> {
    let mut last = String::new();
    loop {
        let page: Vec<String> = Statement::<DB, Text>::named(&PAGE)
            .set::<Text, _>("last", last.as_str())
            .set::<BigInt, _>("most", PAGE_SIZE)
            .load(connection)?;
        let new_forms: Vec<_> = page
            .iter()
            .map(|old| (old.as_str(), normalized(old)))
            .filter(|(old, new)| !new.is_empty() && new != old)
            .collect();
        if !new_forms.is_empty() {
            write_new_forms(connection, &new_forms).map_err(WorkError::into_cause)?;
        }
        match page.into_iter().next_back() {
            Some(next) => last = next,
            None => return Ok(()),
        }
    }
}

fn requests_left((org, count): (i64, i64)) -> String {
    format!(
        "organisation {org}: the ids of {count} requests are those of others but for blanks or \
         Unicode's form; they stay as they are, and `GET requests` finds the others"
    )
}

/// Renames custom fields, and their values in the definitions of badges.
fn rename_fields(connection: &mut Connection) -> anyhow::Result<Vec<String>> {
    let rows: Vec<FieldRow> =
        Statement::<DB, (BigInt, Binary, Text, Text, Text)>::new(FIELDS).load(connection)?;
    let mut notes = Vec::new();
    for (org, id, old, value, new) in rows {
        let namesake = custom_fields::table
            .filter(custom_fields::org_id.eq(org))
            .filter(custom_fields::name.eq(new.as_str()))
            .filter(custom_fields::active);
        let is_taken: bool =
            diesel::select(diesel::dsl::exists(namesake)).get_result(connection)?;
        if is_taken {
            notes.push(format!(
                "organisation {org}: two custom fields have the name {new:?} but for blanks or \
                 Unicode's form, and keep them; rename or disable one"
            ));
            continue;
        }
        let mut field: CustomField =
            serde_json::from_str(&value).context("a stored custom field")?;
        field.name = Name::from_stored(new.clone());
        diesel::update(custom_fields::table.find((org, id.as_slice())))
            .set((
                custom_fields::name.eq(new.as_str()),
                custom_fields::value.eq(serde_json::to_string(&field)?),
            ))
            .execute(connection)?;
        rename_values(connection, org, &old, &field.name)?;
    }
    Ok(notes)
}

/// Renames the values that badges of `org` have of the custom field `old`.
fn rename_values(
    connection: &mut Connection,
    org: i64,
    old: &str,
    new: &Name,
) -> anyhow::Result<()> {
    let as_key = serde_json::to_string(old)?;
    let badges: Vec<(Vec<u8>, String)> = badge_metas::table
        .filter(badge_metas::org_id.eq(org))
        .filter(position(badge_metas::definition, as_key).gt(0))
        .select((badge_metas::id, badge_metas::definition))
        .load(connection)?;
    let old = Name::from_stored(old.to_owned());
    for (id, definition) in badges {
        let mut definition: BadgeDefinition =
            serde_json::from_str(&definition).context("a stored definition")?;
        let Some(value) = definition.custom_values.remove(&old) else {
            continue;
        };
        definition.custom_values.entry(new.clone()).or_insert(value);
        diesel::update(badge_metas::table.find((org, id.as_slice())))
            .set(badge_metas::definition.eq(serde_json::to_string(&definition)?))
            .execute(connection)?;
    }
    Ok(())
}
