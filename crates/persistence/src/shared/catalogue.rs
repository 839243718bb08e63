//! Groups and custom fields.
//!
//! Each is one JSON text, with columns beside it for what is looked up: whoever saves a change reads the
//! text under the lock of its row, and compares what it says with what the change was decided from.

use accolade_application::ports::{
    CatalogueStore, CustomFieldQuery, IdempotencyRecord, Page, PageOf, SaveError, SortOrder,
    StoreError,
};
use accolade_domain::audit::Entry;
use accolade_domain::catalogue::{CustomField, Group};
use accolade_domain::ids::{CustomFieldId, GroupId, ObjectId, OrgId};
use anyhow::Context as _;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use super::Connection;
use super::customer_badges::raise_catalogue_version;
use super::idempotency::reserve_record;
use crate::audit::AuditSql as _;
use crate::mapping::{rank_number, stored};
use crate::recording::sql::{BadgeKey, BadgeSql as _};
use crate::retry::{Ending, Rollback, WorkError};
use crate::schema::{badge_groups, custom_fields};
use crate::store::Store;

fn json(value: &impl serde::Serialize) -> anyhow::Result<String> {
    serde_json::to_string(value).context("a group or a custom field")
}

fn read<T: serde::de::DeserializeOwned>(json: &str) -> anyhow::Result<T> {
    serde_json::from_str(json).context("a stored group or custom field")
}

/// Whether the stored text `there` says what `before` is. Another release may have written the same in
/// other words.
fn is<T: serde::de::DeserializeOwned + PartialEq>(
    there: Option<&str>,
    before: &T,
) -> anyhow::Result<bool> {
    let there: Option<T> = there.map(read).transpose()?;
    Ok(there.as_ref() == Some(before))
}

pub(super) fn all<T: serde::de::DeserializeOwned>(rows: &[String]) -> Result<Vec<T>, WorkError> {
    Ok(rows
        .iter()
        .map(|json| read(json))
        .collect::<anyhow::Result<_>>()?)
}

pub(super) fn offset(page: PageOf) -> i64 {
    i64::from(page.page) * i64::from(page.size)
}

/// The lock of a group or a custom field; it is a badge's lock, whose id nothing else has.
fn lock(org: OrgId, id: ObjectId) -> BadgeKey {
    let badge = id.into();
    BadgeKey { org, badge }
}

impl Store<Connection> {
    /// Runs `work`, which tells whether it wrote its row; if not, that is `otherwise`. With the row go
    /// what is remembered under a key, and the entries of the audit trail. `committed`
    /// tells whether the row is there, if COMMIT was lost.
    fn save(
        &self,
        key: BadgeKey,
        (idempotency, entries): (Option<&IdempotencyRecord>, &[Entry]),
        otherwise: fn() -> SaveError,
        work: impl Fn(&mut Connection) -> Result<bool, WorkError>,
        committed: impl Fn(&mut Connection) -> QueryResult<bool>,
    ) -> Result<(), SaveError> {
        let work = |connection: &mut Connection| {
            // Whoever changes the same waits here, and so does who asks how a lost COMMIT ended.
            connection.lock_badge(key)?;
            if !reserve_record(connection, idempotency)? {
                return Err(Rollback::Refused(SaveError::IdempotencyKeyUsed));
            }
            match work(connection) {
                Ok(true) => Ok(connection.tell(key.org, entries)?),
                Ok(false) => Err(Rollback::Refused(otherwise())),
                Err(WorkError::Query(Error::DatabaseError(
                    DatabaseErrorKind::UniqueViolation,
                    _,
                ))) if matches!(otherwise(), SaveError::Changed) => {
                    Err(Rollback::Refused(SaveError::NameTaken))
                }
                Err(failure) => Err(failure.into()),
            }
        };
        let ending = |connection: &mut Connection, (): &()| {
            connection.lock_badge(key)?;
            Ok(if committed(connection)? {
                Ending::Committed
            } else {
                Ending::Undone
            })
        };
        self.writer.write(work, ending)
    }
}

fn group_is(connection: &mut Connection, group: &Group, json: &str) -> QueryResult<bool> {
    let there: Option<String> = badge_groups::table
        .find((group.org.get(), group.id.0.as_bytes().as_slice()))
        .select(badge_groups::value)
        .get_result(connection)
        .optional()?;
    Ok(there.as_deref() == Some(json))
}

fn field_is(connection: &mut Connection, field: &CustomField, json: &str) -> QueryResult<bool> {
    let there: Option<String> = custom_fields::table
        .find((field.org.get(), field.id.0.as_bytes().as_slice()))
        .select(custom_fields::value)
        .get_result(connection)
        .optional()?;
    Ok(there.as_deref() == Some(json))
}

fn unexpected(error: anyhow::Error) -> SaveError {
    StoreError::Unexpected(error).into()
}

impl CatalogueStore for Store<Connection> {
    fn create_group(
        &self,
        group: &Group,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveError> {
        let value = json(group).map_err(unexpected)?;
        let work = |connection: &mut Connection| {
            let inserted: Option<i64> = diesel::insert_into(badge_groups::table)
                .values((
                    badge_groups::org_id.eq(group.org.get()),
                    badge_groups::id.eq(group.id.0.as_bytes().as_slice()),
                    badge_groups::name.eq(group.name.as_str()),
                    badge_groups::rank.eq(rank_number(group.rank)?),
                    badge_groups::active.eq(group.active),
                    badge_groups::value.eq(value.as_str()),
                ))
                .on_conflict_do_nothing()
                .returning(badge_groups::org_id)
                .get_result(connection)
                .optional()?;
            raise_catalogue_version(connection, group.org)?;
            Ok(inserted.is_some())
        };
        self.save(
            lock(group.org, group.id.0),
            (idempotency, entries),
            || SaveError::NameTaken,
            work,
            |connection| group_is(connection, group, &value),
        )
    }

    fn save_group(
        &self,
        before: &Group,
        after: &Group,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveError> {
        let value = json(after).map_err(unexpected)?;
        let work = |connection: &mut Connection| {
            let row =
                badge_groups::table.find((before.org.get(), before.id.0.as_bytes().as_slice()));
            let there: Option<String> = row
                .select(badge_groups::value)
                .get_result(connection)
                .optional()?;
            if !is(there.as_deref(), before)? {
                return Ok(false);
            }
            diesel::update(row)
                .set((
                    badge_groups::name.eq(after.name.as_str()),
                    badge_groups::rank.eq(rank_number(after.rank)?),
                    badge_groups::active.eq(after.active),
                    badge_groups::value.eq(value.as_str()),
                ))
                .execute(connection)?;
            raise_catalogue_version(connection, before.org)?;
            Ok(true)
        };
        self.save(
            lock(before.org, before.id.0),
            (idempotency, entries),
            || SaveError::Changed,
            work,
            |connection| group_is(connection, before, &value),
        )
    }

    fn group(&self, org: OrgId, group: GroupId) -> Result<Option<Group>, StoreError> {
        self.reader.query(|connection| {
            let row: Option<String> = badge_groups::table
                .find((org.get(), group.0.as_bytes().as_slice()))
                .select(badge_groups::value)
                .get_result(connection)
                .optional()?;
            Ok(row.map(|json| read(&json)).transpose()?)
        })
    }

    fn groups(&self, org: OrgId, page: PageOf) -> Result<Page<Group>, StoreError> {
        self.reader.read(|connection| {
            let active = badge_groups::table
                .filter(badge_groups::org_id.eq(org.get()))
                .filter(badge_groups::active);
            let total: i64 = active.count().get_result(connection)?;
            let rows: Vec<String> = active
                .order((badge_groups::rank, badge_groups::id))
                .limit(page.size.into())
                .offset(offset(page))
                .select(badge_groups::value)
                .load(connection)?;
            Ok(Page {
                items: all(&rows)?,
                total: stored(total)?,
            })
        })
    }

    fn create_field(
        &self,
        field: &CustomField,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveError> {
        let value = json(field).map_err(unexpected)?;
        let work = |connection: &mut Connection| {
            let inserted: Option<i64> = diesel::insert_into(custom_fields::table)
                .values((
                    custom_fields::org_id.eq(field.org.get()),
                    custom_fields::id.eq(field.id.0.as_bytes().as_slice()),
                    custom_fields::name.eq(field.name.as_str()),
                    custom_fields::active.eq(field.active),
                    custom_fields::updated_on.eq(field.updated_on.unix_micros()),
                    custom_fields::value.eq(value.as_str()),
                ))
                .on_conflict_do_nothing()
                .returning(custom_fields::org_id)
                .get_result(connection)
                .optional()?;
            Ok(inserted.is_some())
        };
        self.save(
            lock(field.org, field.id.0),
            (idempotency, entries),
            || SaveError::NameTaken,
            work,
            |connection| field_is(connection, field, &value),
        )
    }

    fn save_field(
        &self,
        before: &CustomField,
        after: &CustomField,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveError> {
        let value = json(after).map_err(unexpected)?;
        let work = |connection: &mut Connection| {
            let row =
                custom_fields::table.find((before.org.get(), before.id.0.as_bytes().as_slice()));
            let there: Option<String> = row
                .select(custom_fields::value)
                .get_result(connection)
                .optional()?;
            if !is(there.as_deref(), before)? {
                return Ok(false);
            }
            diesel::update(row)
                .set((
                    custom_fields::name.eq(after.name.as_str()),
                    custom_fields::active.eq(after.active),
                    custom_fields::updated_on.eq(after.updated_on.unix_micros()),
                    custom_fields::value.eq(value.as_str()),
                ))
                .execute(connection)?;
            Ok(true)
        };
        self.save(
            lock(before.org, before.id.0),
            (idempotency, entries),
            || SaveError::Changed,
            work,
            |connection| field_is(connection, before, &value),
        )
    }

    fn field(&self, org: OrgId, field: CustomFieldId) -> Result<Option<CustomField>, StoreError> {
        self.reader.query(|connection| {
            let row: Option<String> = custom_fields::table
                .find((org.get(), field.0.as_bytes().as_slice()))
                .select(custom_fields::value)
                .get_result(connection)
                .optional()?;
            Ok(row.map(|json| read(&json)).transpose()?)
        })
    }

    fn fields(
        &self,
        org: OrgId,
        query: &CustomFieldQuery,
    ) -> Result<Page<CustomField>, StoreError> {
        use custom_fields::{id, updated_on};
        let found = || {
            let found = custom_fields::table
                .filter(custom_fields::org_id.eq(org.get()))
                .into_boxed();
            match query.active {
                Some(active) => found.filter(custom_fields::active.eq(active)),
                None => found,
            }
        };
        self.reader.read(|connection| {
            let total: i64 = found().count().get_result(connection)?;
            let sorted = match query.order {
                SortOrder::Ascending => found().order((updated_on.asc(), id.asc())),
                SortOrder::Descending => found().order((updated_on.desc(), id.desc())),
            };
            let rows: Vec<String> = sorted
                .limit(query.page.size.into())
                .offset(offset(query.page))
                .select(custom_fields::value)
                .load(connection)?;
            Ok(Page {
                items: all(&rows)?,
                total: stored(total)?,
            })
        })
    }

    fn active_fields(&self, org: OrgId) -> Result<Vec<CustomField>, StoreError> {
        self.reader.query(|connection| {
            let rows: Vec<String> = custom_fields::table
                .filter(custom_fields::org_id.eq(org.get()))
                .filter(custom_fields::active)
                .select(custom_fields::value)
                .load(connection)?;
            all(&rows)
        })
    }
}
