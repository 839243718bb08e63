//! Who an actor is.

use accolade_application::ports::{ActorRecord, Actors, StoreError};
use accolade_domain::actor::Actor;
use accolade_domain::ids::OrgId;
use accolade_domain::login::Login;
use accolade_domain::text::Name;
use anyhow::anyhow;
use diesel::dsl::{Nullable, Select};
use diesel::prelude::*;

use super::Connection;
use crate::mapping::stored;
use crate::schema::{actors, api_clients, operators};
use crate::store::Store;

/// An actor: its number, its name if it is a client, and an operator's name and login.
type ActorRow = (i64, Option<String>, Option<(String, String)>);

fn actor((number, client, operator): ActorRow) -> anyhow::Result<ActorRecord> {
    match (client, operator) {
        (Some(name), None) => Ok(ActorRecord::Client {
            number: stored(number)?,
            name: Name::from_stored(name),
        }),
        (None, Some((name, login))) => Ok(ActorRecord::Operator {
            number: stored(number)?,
            name: Name::from_stored(name),
            login: Login::from_stored(login),
        }),
        _ => Err(anyhow!(
            "actor {number} is not one of clients and operators"
        )),
    }
}

type Columns = (
    actors::number,
    Nullable<api_clients::name>,
    Nullable<(operators::name, operators::login)>,
);

type Everybody = diesel::dsl::LeftJoin<
    diesel::dsl::LeftJoin<actors::table, api_clients::table>,
    operators::table,
>;

/// Every actor, whatever it is.
fn everybody() -> Select<Everybody, Columns> {
    actors::table
        .left_join(api_clients::table)
        .left_join(operators::table)
        .select((
            actors::number,
            api_clients::name.nullable(),
            (operators::name, operators::login).nullable(),
        ))
}

impl Actors for Store<Connection> {
    fn find(&self, org: OrgId, of: Actor) -> Result<Option<ActorRecord>, StoreError> {
        self.reader.query(|connection| {
            let row: Option<ActorRow> = everybody()
                .filter(actors::org_id.eq(org.get()))
                .filter(actors::number.eq(of.number()))
                .get_result(connection)
                .optional()?;
            Ok(row.map(actor).transpose()?)
        })
    }

    fn find_all(&self, org: OrgId, of: &[Actor]) -> Result<Vec<ActorRecord>, StoreError> {
        let numbers: Vec<_> = of.iter().map(|actor| actor.number()).collect();
        self.reader.query(|connection| {
            let rows: Vec<ActorRow> = everybody()
                .filter(actors::org_id.eq(org.get()))
                .filter(actors::number.eq_any(&numbers))
                .load(connection)?;
            let found = rows.into_iter().map(actor);
            Ok(found.collect::<anyhow::Result<_>>()?)
        })
    }
}
