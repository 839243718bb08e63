//! PostgreSQL 15 and later: what it says differently.
//!
//! Nothing here needs a superuser or an extension, and nothing that must be true across
//! requests lives in this process: any number of servers may share a database.

/// The badges of an org (`m`), with what a customer has of each: earns (`e`) and enrolments (`i`).
///
/// How many of these there are the planner cannot know, and a loop over all of them for each badge
/// takes seconds. Only hashing and merging make a full join, and `OFFSET 0` keeps it full.
macro_rules! standings {
    () => {
        "(SELECT * FROM badge_metas WHERE org_id = ?) AS m \
         FULL JOIN earns e ON e.badge_id = m.id FULL JOIN issues i ON i.badge_id = m.id OFFSET 0"
    };
}

mod badge_sql;
mod copy;
mod directory_sql;
mod earn_sql;
mod enrolment_sql;
mod housekeeping_sql;
mod ledger_sql;
mod lock;
mod open;
#[allow(
    clippy::duplicate_mod,
    reason = "Diesel's query builder says it once for both databases: the types differ, the words do not"
)]
#[path = "../shared/mod.rs"]
mod shared;

pub(crate) use open::open;

use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use crate::statement::Statement;

type Connection = PgConnection;
type DB = Pg;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Whether migrations have ever run.
const HAS_MIGRATIONS: &str = "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL";

const CLAIMS: &str = "(SELECT COALESCE(json_agg(json_build_array(\
     c.owner_type, c.reference_id, c.active::int) ORDER BY c.position)::text, '[]') \
     FROM badge_claims c WHERE c.org_id = badge_metas.org_id AND c.badge_id = badge_metas.id)";

/// The badge of a row of a page (`p`). `OFFSET 0` keeps the planner from reading all badges of the org.
const BADGE_OF_PAGE: &str = "LEFT JOIN LATERAL (SELECT * FROM badge_metas m \
     WHERE m.org_id = ? AND m.id = p.id OFFSET 0) AS badge_metas ON true";

/// The enrolment that a row of a page (`p`) names.
const ENROLMENT_OF_PAGE: &str = "LEFT JOIN LATERAL (SELECT * FROM enrolments e \
     WHERE e.org_id = ? AND e.customer_id = ? AND e.badge_id = p.id AND e.ordinal = p.enrolment \
     OFFSET 0) AS i ON true";

#[diesel::declare_sql_function]
extern "SQL" {
    /// Where `part` begins in `text`, from 1; 0 if nowhere. No character is special.
    #[sql_name = "strpos"]
    fn position(text: Text, part: Text) -> Integer;
}

/// Runs `work`, on migrations, while no other process does.
fn locked<T>(
    connection: &mut Connection,
    work: impl FnOnce(&mut Connection) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    // Two numbers are a key of another kind than the one number of a badge. The lock ends
    // with the connection.
    Statement::<DB>::new("SELECT pg_advisory_lock(1633904495, 1)").execute(connection)?;
    work(connection)
}

/// One column of `rows`.
fn column<'a, R, T>(rows: &'a [R], of: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}
