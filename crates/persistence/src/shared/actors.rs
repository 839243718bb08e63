//! Who an actor is.

use accolade_application::ports::{ActorRecord, Actors, StoreError};
use accolade_domain::actor::Actor;
use accolade_domain::ids::OrgId;
use accolade_domain::text::Name;
use diesel::prelude::*;

use super::Connection;
use crate::mapping::stored;
use crate::schema::api_clients;
use crate::store::Store;

fn client((number, name): (i64, String)) -> anyhow::Result<ActorRecord> {
    Ok(ActorRecord::Client {
        number: stored(number)?,
        name: Name::from_stored(name),
    })
}

impl Actors for Store<Connection> {
    fn find(&self, org: OrgId, actor: Actor) -> Result<Option<ActorRecord>, StoreError> {
        self.reader.query(|connection| {
            let row: Option<(i64, String)> = api_clients::table
                .select((api_clients::number, api_clients::name))
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
            let rows: Vec<(i64, String)> = api_clients::table
                .select((api_clients::number, api_clients::name))
                .filter(api_clients::org_id.eq(org.get()))
                .filter(api_clients::number.eq_any(&numbers))
                .load(connection)?;
            let clients = rows.into_iter().map(client);
            Ok(clients.collect::<anyhow::Result<_>>()?)
        })
    }
}
