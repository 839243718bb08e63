//! What PostgreSQL says of itself.

use accolade_application::ports::Clock;
use anyhow::Context as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::open::{connect, with_defaults};
use super::session::{self, Session};
use crate::database::Options;
use crate::facts::{Facts, ServerFacts};
use crate::retry::exclusive;

/// How many connections there are each role may know, and no more of those of others.
const ABOUT: &str = "SELECT current_setting('server_version') AS version, \
     pg_encoding_to_char(encoding)::text AS encoding, datcollate::text AS collation, \
     datcollversion IS DISTINCT FROM pg_database_collation_actual_version(oid) AS stale, \
     current_setting('fsync') AS fsync, \
     current_setting('synchronous_commit') AS synchronous_commit, \
     (SELECT sum(numbackends) FROM pg_stat_database)::bigint AS connections, \
     current_setting('max_connections')::bigint \
       - current_setting('superuser_reserved_connections')::bigint AS most_connections \
     FROM pg_database WHERE datname = current_database()";

#[derive(QueryableByName)]
struct About {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = Text)]
    encoding: String,
    #[diesel(sql_type = Text)]
    collation: String,
    #[diesel(sql_type = Bool)]
    stale: bool,
    #[diesel(sql_type = Text)]
    fsync: String,
    #[diesel(sql_type = Text)]
    synchronous_commit: String,
    #[diesel(sql_type = BigInt)]
    connections: i64,
    #[diesel(sql_type = BigInt)]
    most_connections: i64,
}

const CLOCK: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS micros";

#[derive(QueryableByName)]
struct ItsClock {
    #[diesel(sql_type = BigInt)]
    micros: i64,
}

/// Asks the database at `url`. Without a prepared statement, as a pooler may have anything.
///
/// # Errors
/// As opening it.
pub(crate) fn facts(url: &str, options: &Options, clock: &dyn Clock) -> anyhow::Result<Facts> {
    let url = with_defaults(url, options);
    let mut connection = connect(&url)?;
    let about: About = exclusive(&mut connection, "BEGIN", |connection| {
        let about = diesel::sql_query(ABOUT).get_result(connection);
        about.context("PostgreSQL does not tell how it is set up")
    })?;
    let asked = clock.now();
    let its: ItsClock = exclusive(&mut connection, "BEGIN", |connection| {
        let now = diesel::sql_query(CLOCK).get_result(connection);
        now.context("PostgreSQL does not tell the time")
    })?;
    let answered_in = clock.now().since(asked);
    let ahead = time::Duration::microseconds(its.micros - asked.unix_micros());
    let session = session::find_out(&mut connection, &mut connect(&url)?)?;
    Ok(Facts {
        version: format!("PostgreSQL {}", about.version),
        encoding: about.encoding,
        collation: about.collation,
        is_collation_stale: about.stale,
        loses: if about.fsync == "off" {
            Some("fsync")
        } else if about.synchronous_commit == "off" {
            Some("synchronous_commit")
        } else {
            None
        },
        server: Some(ServerFacts {
            clock_ahead: ahead - answered_in / 2,
            answered_in,
            connections: about.connections,
            most_connections: about.most_connections,
            is_session_shared: session == Session::Shared,
        }),
    })
}
