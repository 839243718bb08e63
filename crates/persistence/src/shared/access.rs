//! Organisations and API clients.

use std::num::NonZeroU32;

use accolade_application::access::{AccessGroups, ClientKey, SecretHash};
use accolade_application::ports::{
    AccessStore, BoundsChange, Client, ClientBounds, CreateClientError, CreateOrgError, NewClient,
    Org, SecondSecret, StoreError, UnknownClient,
};
use accolade_domain::audit::{Attribution, Entry, telling};
use accolade_domain::ids::{ClientNumber, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::login::Login;
use accolade_domain::text::Name;
use anyhow::Context as _;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use super::Connection;
use crate::audit::AuditSql as _;
use crate::mapping::{instant, stored};
use crate::retry::{Rollback, WorkError, nobody_knows};
use crate::schema::{actors, api_clients, orgs};
use crate::store::Store;

/// An org: its number, name, zone and region.
pub(super) type OrgRow = (i64, String, String, Option<String>);

pub(super) fn org((id, name, zone, region): OrgRow) -> anyhow::Result<Org> {
    Ok(Org {
        id: stored(id)?,
        name: Name::from_stored(name),
        zone: zone.parse().context("a stored time zone")?,
        region: region
            .map(|region| region.parse().context("a stored region"))
            .transpose()?,
    })
}

#[derive(Queryable)]
struct ClientRow {
    number: i64,
    org: OrgRow,
    name: String,
    key: String,
    groups: i16,
    secret: Vec<u8>,
    next_secret: Option<Vec<u8>>,
    created_on: i64,
    revoked_on: Option<i64>,
    bounds: BoundsRow,
    last_used_on: Option<i64>,
    owner: Option<String>,
}

impl ClientRow {
    fn client(self) -> anyhow::Result<Client> {
        let hash = |bytes: Vec<u8>| {
            let bytes = <[u8; 32]>::try_from(bytes.as_slice()).context("a stored hash")?;
            anyhow::Ok(SecretHash::from_bytes(bytes))
        };
        Ok(Client {
            number: stored(self.number)?,
            org: org(self.org)?,
            name: Name::from_stored(self.name),
            key: stored(self.key.as_str())?,
            groups: AccessGroups::from_bits(self.groups),
            owner: self.owner.map(Login::from_stored),
            secret: hash(self.secret)?,
            next_secret: self.next_secret.map(hash).transpose()?,
            created_on: instant(self.created_on)?,
            revoked_on: self.revoked_on.map(instant).transpose()?,
            bounds: bounds(self.bounds)?,
            last_used_on: self.last_used_on.map(instant).transpose()?,
        })
    }
}

type BoundsRow = (Option<i64>, Option<i64>, Option<i64>);

fn bounds((requests, customers, ends_on): BoundsRow) -> anyhow::Result<ClientBounds> {
    let per_minute = |number| stored::<u32, NonZeroU32>(stored(number)?);
    Ok(ClientBounds {
        requests_per_minute: requests.map(per_minute).transpose()?,
        customers_per_minute: customers.map(per_minute).transpose()?,
        ends_on: ends_on.map(instant).transpose()?,
    })
}

pub(super) type OrgColumns = (orgs::id, orgs::name, orgs::time_zone, orgs::region);

pub(super) const ORG: OrgColumns = (orgs::id, orgs::name, orgs::time_zone, orgs::region);

type ClientColumns = (
    api_clients::number,
    OrgColumns,
    api_clients::name,
    api_clients::key,
    api_clients::access_groups,
    api_clients::secret,
    api_clients::next_secret,
    api_clients::created_on,
    api_clients::revoked_on,
    BoundsColumns,
    api_clients::last_used_on,
    api_clients::owner,
);

type BoundsColumns = (
    api_clients::requests_per_minute,
    api_clients::customers_per_minute,
    api_clients::ends_on,
);

const BOUNDS: BoundsColumns = (
    api_clients::requests_per_minute,
    api_clients::customers_per_minute,
    api_clients::ends_on,
);

const CLIENT: ClientColumns = (
    api_clients::number,
    ORG,
    api_clients::name,
    api_clients::key,
    api_clients::access_groups,
    api_clients::secret,
    api_clients::next_secret,
    api_clients::created_on,
    api_clients::revoked_on,
    BOUNDS,
    api_clients::last_used_on,
    api_clients::owner,
);

/// The number of API clients among the kinds of actors; never reused, never changed.
const API_CLIENT: i16 = 1;

impl AccessStore for Store<Connection> {
    fn create_org(&self, org: &Org, created_on: Instant) -> Result<(), CreateOrgError> {
        let region = org.region.map(|region| region.to_string());
        let row = (
            orgs::id.eq(org.id.get()),
            orgs::name.eq(org.name.as_str()),
            orgs::time_zone.eq(org.zone.name()),
            orgs::region.eq(region.as_deref()),
            orgs::created_on.eq(created_on.unix_micros()),
        );
        let work = |connection: &mut Connection| {
            let inserted: Option<i64> = diesel::insert_into(orgs::table)
                .values(row)
                .on_conflict_do_nothing()
                .returning(orgs::id)
                .get_result(connection)
                .optional()?;
            match inserted {
                Some(_) => Ok(()),
                None => Err(Rollback::Refused(CreateOrgError::Exists)),
            }
        };
        self.writer.write(work, nobody_knows)
    }

    fn orgs(&self) -> Result<Vec<Org>, StoreError> {
        self.reader.query(|connection| {
            let rows: Vec<OrgRow> = orgs::table.select(ORG).order(orgs::id).load(connection)?;
            all(rows, org)
        })
    }

    fn create_client(&self, client: &NewClient) -> Result<ClientNumber, CreateClientError> {
        let row = (
            api_clients::org_id.eq(client.org.get()),
            api_clients::name.eq(client.name.as_str()),
            api_clients::key.eq(client.key.as_str()),
            api_clients::access_groups.eq(client.groups.bits()),
            api_clients::owner.eq(client.owner.as_ref().map(Login::as_str)),
            api_clients::secret.eq(client.secret.as_bytes().as_slice()),
            api_clients::created_on.eq(client.created.on.unix_micros()),
        );
        let work = |connection: &mut Connection| {
            let actor: Result<i64, Error> = diesel::insert_into(actors::table)
                .values((
                    actors::org_id.eq(client.org.get()),
                    actors::kind.eq(API_CLIENT),
                ))
                .returning(actors::number)
                .get_result(connection);
            let number = match actor {
                Err(Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)) => {
                    return Err(Rollback::Refused(CreateClientError::UnknownOrg));
                }
                number => number?,
            };
            let inserted: Option<i64> = diesel::insert_into(api_clients::table)
                .values((api_clients::number.eq(number), row))
                .on_conflict(api_clients::key)
                .do_nothing()
                .returning(api_clients::number)
                .get_result(connection)
                .optional()?;
            let Some(number) = inserted else {
                return Err(Rollback::Refused(CreateClientError::KeyTaken));
            };
            let number = stored(number)?;
            connection.tell(client.org, &[client.entry(number)])?;
            Ok(number)
        };
        self.writer.write(work, nobody_knows)
    }

    fn clients(&self) -> Result<Vec<Client>, StoreError> {
        self.reader.query(|connection| {
            let rows: Vec<ClientRow> = api_clients::table
                .inner_join(orgs::table)
                .select(CLIENT)
                .order(api_clients::number)
                .load(connection)?;
            all(rows, ClientRow::client)
        })
    }

    fn client(&self, key: &ClientKey) -> Result<Option<Client>, StoreError> {
        self.reader.query(|connection| {
            let row: Option<ClientRow> = api_clients::table
                .inner_join(orgs::table)
                .select(CLIENT)
                .filter(api_clients::key.eq(key.as_str()))
                .get_result(connection)
                .optional()?;
            Ok(row.map(ClientRow::client).transpose()?)
        })
    }

    fn begin_rotation(
        &self,
        key: &ClientKey,
        next: &SecretHash,
        by: &Attribution,
    ) -> Result<SecondSecret, UnknownClient> {
        let work = |connection: &mut Connection| {
            let second = match locked(connection, key)?.next_secret {
                None => SecondSecret::New,
                Some(_) => SecondSecret::Replaced,
            };
            let changed = diesel::update(api_clients::table)
                .filter(api_clients::key.eq(key.as_str()))
                .set(api_clients::next_secret.eq(next.as_bytes().as_slice()))
                .returning((api_clients::org_id, api_clients::number))
                .get_result(connection)
                .optional()?;
            changed_one(connection, changed, |org, client| {
                telling::client_rotated(org, client, by)
            })?;
            Ok(second)
        };
        self.writer.write(work, nobody_knows)
    }

    fn finish_rotation(&self, key: &ClientKey, by: &Attribution) -> Result<(), UnknownClient> {
        let work = |connection: &mut Connection| {
            let changed = diesel::update(api_clients::table)
                .filter(api_clients::key.eq(key.as_str()))
                .filter(api_clients::revoked_on.is_null())
                .filter(api_clients::next_secret.is_not_null())
                .set((
                    api_clients::secret.eq(api_clients::next_secret.assume_not_null()),
                    api_clients::next_secret.eq(None::<Vec<u8>>),
                ))
                .returning((api_clients::org_id, api_clients::number))
                .get_result(connection)
                .optional()?;
            changed_one(connection, changed, |org, client| {
                telling::client_rotation_finished(org, client, by)
            })
        };
        self.writer.write(work, nobody_knows)
    }

    fn revoke(&self, key: &ClientKey, by: &Attribution) -> Result<(), UnknownClient> {
        let work = |connection: &mut Connection| {
            let changed = diesel::update(api_clients::table)
                .filter(api_clients::key.eq(key.as_str()))
                .filter(api_clients::revoked_on.is_null())
                .set(api_clients::revoked_on.eq(by.on.unix_micros()))
                .returning((api_clients::org_id, api_clients::number))
                .get_result(connection)
                .optional()?;
            changed_one(connection, changed, |org, client| {
                telling::client_revoked(org, client, by)
            })
        };
        self.writer.write(work, nobody_knows)
    }

    fn set_bounds(
        &self,
        key: &ClientKey,
        change: &BoundsChange,
        by: &Attribution,
    ) -> Result<ClientBounds, UnknownClient> {
        let work = |connection: &mut Connection| {
            let client = locked(connection, key)?;
            let bounds = change.of(client.bounds);
            let per_minute = |bound: Option<NonZeroU32>| bound.map(|it| i64::from(it.get()));
            diesel::update(api_clients::table)
                .filter(api_clients::key.eq(key.as_str()))
                .set((
                    api_clients::requests_per_minute.eq(per_minute(bounds.requests_per_minute)),
                    api_clients::customers_per_minute.eq(per_minute(bounds.customers_per_minute)),
                    api_clients::ends_on.eq(bounds.ends_on.map(Instant::unix_micros)),
                ))
                .execute(connection)?;
            let (org, number, before) = (client.org.id, client.number, client.state());
            let after = Client { bounds, ..client }.state();
            let told = telling::client_changed(org, number, before, after, by);
            connection.tell(org, told.as_slice())?;
            Ok(bounds)
        };
        self.writer.write(work, nobody_knows)
    }

    fn note_uses(&self, clients: &[ClientNumber], on: Instant) -> Result<(), StoreError> {
        let numbers: Vec<_> = clients.iter().map(|client| client.get()).collect();
        let on = on.unix_micros();
        let work = |connection: &mut Connection| {
            let is_earlier = api_clients::last_used_on.lt(on);
            diesel::update(api_clients::table)
                .filter(api_clients::number.eq_any(&numbers))
                .filter(api_clients::last_used_on.is_null().or(is_earlier))
                .set(api_clients::last_used_on.eq(on))
                .execute(connection)?;
            Ok(())
        };
        self.writer.write(work, nobody_knows)
    }
}

/// The client with this key, unless it is revoked, as it stays until the transaction ends.
fn locked(connection: &mut Connection, key: &ClientKey) -> Result<Client, Rollback<UnknownClient>> {
    // To write a row is what locks it on either database.
    let number: Option<i64> = diesel::update(api_clients::table)
        .filter(api_clients::key.eq(key.as_str()))
        .filter(api_clients::revoked_on.is_null())
        .set(api_clients::key.eq(key.as_str()))
        .returning(api_clients::number)
        .get_result(connection)
        .optional()?;
    let Some(number) = number else {
        return Err(Rollback::Refused(UnknownClient::Unknown));
    };
    let row: ClientRow = api_clients::table
        .inner_join(orgs::table)
        .select(CLIENT)
        .filter(api_clients::number.eq(number))
        .get_result(connection)?;
    Ok(row.client()?)
}

/// The numbers of all orgs.
pub(in super::super) fn org_numbers(connection: &mut Connection) -> QueryResult<Vec<i64>> {
    orgs::table
        .select(orgs::id)
        .order(orgs::id)
        .load(connection)
}

/// Writes what the audit trail tells of the client that was `changed`: its org and its number.
fn changed_one(
    connection: &mut Connection,
    changed: Option<(i64, i64)>,
    told: impl Fn(OrgId, ClientNumber) -> Entry,
) -> Result<(), Rollback<UnknownClient>> {
    let Some((org, client)) = changed else {
        return Err(Rollback::Refused(UnknownClient::Unknown));
    };
    let (org, client) = (stored(org)?, stored(client)?);
    connection.tell(org, &[told(org, client)])?;
    Ok(())
}

fn all<R, T>(rows: Vec<R>, map: impl Fn(R) -> anyhow::Result<T>) -> Result<Vec<T>, WorkError> {
    Ok(rows.into_iter().map(map).collect::<anyhow::Result<_>>()?)
}
