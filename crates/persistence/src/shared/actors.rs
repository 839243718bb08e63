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
use crate::mapping::{instant, stored};
use crate::schema::{actors, api_clients, operators};
use crate::store::Store;

/// A client: its name, who owns it, and when it was revoked and when it ends.
type ClientRow = (String, Option<String>, Option<i64>, Option<i64>);
/// An operator: her name, her login, and when she was disabled.
type OperatorRow = (String, String, Option<i64>);
/// An actor: its number, and what is known of it, which is one of the two.
type ActorRow = (i64, Option<ClientRow>, Option<OperatorRow>);

fn actor((number, client, operator): ActorRow) -> anyhow::Result<ActorRecord> {
    match (client, operator) {
        (Some((name, owner, revoked_on, ends_on)), None) => {
            let over_on = revoked_on.into_iter().chain(ends_on).min();
            Ok(ActorRecord::Client {
                number: stored(number)?,
                name: Name::from_stored(name),
                owner: owner.map(Login::from_stored),
                over_on: over_on.map(instant).transpose()?,
            })
        }
        (None, Some((name, login, disabled_on))) => Ok(ActorRecord::Operator {
            number: stored(number)?,
            name: Name::from_stored(name),
            login: Login::from_stored(login),
            over_on: disabled_on.map(instant).transpose()?,
        }),
        _ => Err(anyhow!(
            "actor {number} is not one of clients and operators"
        )),
    }
}

type ClientColumns = (
    api_clients::name,
    api_clients::owner,
    api_clients::revoked_on,
    api_clients::ends_on,
);

type OperatorColumns = (operators::name, operators::login, operators::disabled_on);

type Columns = (
    actors::number,
    Nullable<ClientColumns>,
    Nullable<OperatorColumns>,
);

type Everybody = diesel::dsl::LeftJoin<
    diesel::dsl::LeftJoin<actors::table, api_clients::table>,
    operators::table,
>;

/// Every actor, whatever it is.
fn everybody() -> Select<Everybody, Columns> {
    let client: ClientColumns = (
        api_clients::name,
        api_clients::owner,
        api_clients::revoked_on,
        api_clients::ends_on,
    );
    let operator: OperatorColumns = (operators::name, operators::login, operators::disabled_on);
    actors::table
        .left_join(api_clients::table)
        .left_join(operators::table)
        .select((actors::number, client.nullable(), operator.nullable()))
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
