//! Who an actor is.

use accolade_application::ports::{ActorRecord, Actors, StoreError};
use accolade_domain::actor::Actor;
use accolade_domain::ids::OrgId;
use accolade_domain::login::Login;
use accolade_domain::text::Name;
use diesel::prelude::*;

use super::Connection;
use crate::mapping::{instant, stored};
use crate::schema::api_clients;
use crate::store::Store;

/// What is read of a client.
type Row = (i64, String, Option<String>, Option<i64>, Option<i64>);

type Columns = (
    api_clients::number,
    api_clients::name,
    api_clients::owner,
    api_clients::revoked_on,
    api_clients::ends_on,
);

const COLUMNS: Columns = (
    api_clients::number,
    api_clients::name,
    api_clients::owner,
    api_clients::revoked_on,
    api_clients::ends_on,
);

fn client((number, name, owner, revoked_on, ends_on): Row) -> anyhow::Result<ActorRecord> {
    let over_on = revoked_on.into_iter().chain(ends_on).min();
    Ok(ActorRecord::Client {
        number: stored(number)?,
        name: Name::from_stored(name),
        owner: owner.map(Login::from_stored),
        over_on: over_on.map(instant).transpose()?,
    })
}

impl Actors for Store<Connection> {
    fn find(&self, org: OrgId, actor: Actor) -> Result<Option<ActorRecord>, StoreError> {
        self.reader.query(|connection| {
            let row: Option<Row> = api_clients::table
                .select(COLUMNS)
                .filter(api_clients::org_id.eq(org.get()))
                .filter(api_clients::number.eq(actor.number()))
                .get_result(connection)
                .optional()?;
            Ok(row.map(client).transpose()?)
        })
    }

    fn find_all(&self, org: OrgId, actors: &[Actor]) -> Result<Vec<ActorRecord>, StoreError> {
        let numbers: Vec<_> = actors.iter().map(|actor| actor.number()).collect();
        self.reader.query(|connection| {
            let rows: Vec<Row> = api_clients::table
                .select(COLUMNS)
                .filter(api_clients::org_id.eq(org.get()))
                .filter(api_clients::number.eq_any(&numbers))
                .load(connection)?;
            let clients = rows.into_iter().map(client);
            Ok(clients.collect::<anyhow::Result<_>>()?)
        })
    }
}
