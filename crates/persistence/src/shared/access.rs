//! Organisations and API clients.

use accolade_application::access::{AccessGroups, ClientKey, SecretHash};
use accolade_application::ports::{
    AccessStore, Client, CreateClientError, CreateOrgError, NewClient, Org, StoreError,
    UnknownClient,
};
use accolade_domain::ids::ClientNumber;
use accolade_domain::instant::Instant;
use anyhow::Context as _;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use super::Connection;
use crate::mapping::{instant, stored};
use crate::retry::{Abort, Failure, nobody_knows};
use crate::schema::{api_clients, orgs};
use crate::store::Store;

type OrgRow = (i64, String, String);

fn org((id, name, zone): OrgRow) -> anyhow::Result<Org> {
    Ok(Org {
        id: stored(id)?,
        name: stored(name)?,
        zone: zone.parse().context("a stored time zone")?,
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
            name: stored(self.name)?,
            key: stored(self.key.as_str())?,
            groups: AccessGroups::from_bits(self.groups),
            secret: hash(self.secret)?,
            next_secret: self.next_secret.map(hash).transpose()?,
            created_on: instant(self.created_on)?,
            revoked_on: self.revoked_on.map(instant).transpose()?,
        })
    }
}

type OrgColumns = (orgs::id, orgs::name, orgs::time_zone);

const ORG: OrgColumns = (orgs::id, orgs::name, orgs::time_zone);

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
);

impl AccessStore for Store<Connection> {
    fn create_org(&self, org: &Org, created_on: Instant) -> Result<(), CreateOrgError> {
        let row = (
            orgs::id.eq(org.id.get()),
            orgs::name.eq(org.name.as_str()),
            orgs::time_zone.eq(org.zone.name()),
            orgs::created_on.eq(created_on.unix_micros()),
        );
        let work = |connection: &mut Connection| {
            let inserted = diesel::insert_into(orgs::table)
                .values(row)
                .on_conflict_do_nothing()
                .execute(connection)?;
            changed_one(inserted, CreateOrgError::Exists)
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
            api_clients::secret.eq(client.secret.as_bytes().as_slice()),
            api_clients::created_on.eq(client.created_on.unix_micros()),
        );
        let work = |connection: &mut Connection| {
            let number: Result<Option<i64>, Error> = diesel::insert_into(api_clients::table)
                .values(row)
                .on_conflict(api_clients::key)
                .do_nothing()
                .returning(api_clients::number)
                .get_result(connection)
                .optional();
            match number {
                Ok(Some(number)) => Ok(stored(number)?),
                Ok(None) => Err(Abort::Refused(CreateClientError::KeyTaken)),
                Err(Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)) => {
                    Err(Abort::Refused(CreateClientError::UnknownOrg))
                }
                Err(error) => Err(error.into()),
            }
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

    fn begin_rotation(&self, key: &ClientKey, next: &SecretHash) -> Result<(), UnknownClient> {
        let work = |connection: &mut Connection| {
            let changed = diesel::update(api_clients::table)
                .filter(api_clients::key.eq(key.as_str()))
                .filter(api_clients::revoked_on.is_null())
                .set(api_clients::next_secret.eq(next.as_bytes().as_slice()))
                .execute(connection)?;
            changed_one(changed, UnknownClient::Unknown)
        };
        self.writer.write(work, nobody_knows)
    }

    fn finish_rotation(&self, key: &ClientKey) -> Result<(), UnknownClient> {
        let work = |connection: &mut Connection| {
            let changed = diesel::update(api_clients::table)
                .filter(api_clients::key.eq(key.as_str()))
                .filter(api_clients::revoked_on.is_null())
                .filter(api_clients::next_secret.is_not_null())
                .set((
                    api_clients::secret.eq(api_clients::next_secret.assume_not_null()),
                    api_clients::next_secret.eq(None::<Vec<u8>>),
                ))
                .execute(connection)?;
            changed_one(changed, UnknownClient::Unknown)
        };
        self.writer.write(work, nobody_knows)
    }

    fn revoke(&self, key: &ClientKey, revoked_on: Instant) -> Result<(), UnknownClient> {
        let work = |connection: &mut Connection| {
            let changed = diesel::update(api_clients::table)
                .filter(api_clients::key.eq(key.as_str()))
                .filter(api_clients::revoked_on.is_null())
                .set(api_clients::revoked_on.eq(revoked_on.unix_micros()))
                .execute(connection)?;
            changed_one(changed, UnknownClient::Unknown)
        };
        self.writer.write(work, nobody_knows)
    }
}

fn changed_one<E>(rows: usize, otherwise: E) -> Result<(), Abort<E>> {
    if rows == 1 {
        Ok(())
    } else {
        Err(Abort::Refused(otherwise))
    }
}

fn all<R, T>(rows: Vec<R>, map: impl Fn(R) -> anyhow::Result<T>) -> Result<Vec<T>, Failure> {
    Ok(rows.into_iter().map(map).collect::<anyhow::Result<_>>()?)
}
