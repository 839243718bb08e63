//! Operators and their sessions.

use accolade_application::access::SecretHash;
use accolade_application::operators::{PasswordHash, Session};
use accolade_application::ports::{
    CreateOperatorError, KnownOperator, LinkOperatorError, NewOperator, NewSession, OperatorStore,
    SignInProof, StoreError, UnknownOperator,
};
use accolade_domain::audit::{Attribution, Entry, telling};
use accolade_domain::ids::{OperatorNumber, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::login::Login;
use accolade_domain::operator::{Operator, OperatorLink, Roles, Subject};
use accolade_domain::text::{Name, UrlText};
use anyhow::Context as _;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use super::Connection;
use super::access::{ORG, OrgColumns, OrgRow, org as org_of_row};
use crate::audit::AuditSql as _;
use crate::mapping::{instant, stored};
use crate::retry::{Rollback, WorkError, nobody_knows};
use crate::schema::{actors, operator_sessions, operators, orgs};
use crate::store::Store;

/// The number of operators among the kinds of actors; never reused, never changed.
const OPERATOR: i16 = 2;

/// How many sessions one call removes: others that write need not wait for long.
const AT_ONCE: i64 = 1_000;

#[derive(Queryable)]
struct OperatorRow {
    number: i64,
    org: i64,
    login: String,
    name: String,
    roles: i16,
    created_on: i64,
    disabled_on: Option<i64>,
    last_signed_in_on: Option<i64>,
    link_issuer: Option<String>,
    link_subject: Option<String>,
}

impl OperatorRow {
    fn operator(self) -> anyhow::Result<Operator> {
        let link = self.link_issuer.zip(self.link_subject);
        Ok(Operator {
            number: stored(self.number)?,
            org: stored(self.org)?,
            login: Login::from_stored(self.login),
            name: Name::from_stored(self.name),
            roles: Roles::from_bits(self.roles),
            link: link.map(|(issuer, subject)| OperatorLink {
                issuer: UrlText::from_stored(issuer),
                subject: Subject::from_stored(subject),
            }),
            created_on: instant(self.created_on)?,
            disabled_on: self.disabled_on.map(instant).transpose()?,
            last_signed_in_on: self.last_signed_in_on.map(instant).transpose()?,
        })
    }
}

type OperatorColumns = (
    operators::number,
    operators::org_id,
    operators::login,
    operators::name,
    operators::roles,
    operators::created_on,
    operators::disabled_on,
    operators::last_signed_in_on,
    operators::link_issuer,
    operators::link_subject,
);

const COLUMNS: OperatorColumns = (
    operators::number,
    operators::org_id,
    operators::login,
    operators::name,
    operators::roles,
    operators::created_on,
    operators::disabled_on,
    operators::last_signed_in_on,
    operators::link_issuer,
    operators::link_subject,
);

/// A session: when it began, when it expires, and when it ends.
type SessionRow = (i64, i64, i64);

type SessionColumns = (
    operator_sessions::began_on,
    operator_sessions::expires_on,
    operator_sessions::ends_on,
);

const SESSION: SessionColumns = (
    operator_sessions::began_on,
    operator_sessions::expires_on,
    operator_sessions::ends_on,
);

fn session(
    operator: OperatorRow,
    org: OrgRow,
    (began_on, expires_on, ends_on): SessionRow,
) -> anyhow::Result<Session> {
    Ok(Session {
        operator: operator.operator()?,
        org: org_of_row(org)?,
        began_on: instant(began_on)?,
        expires_on: instant(expires_on)?,
        ends_on: instant(ends_on)?,
    })
}

fn password(bytes: &[u8]) -> anyhow::Result<PasswordHash> {
    let bytes = <&[u8; 64]>::try_from(bytes).context("a stored password")?;
    Ok(PasswordHash::from_bytes(bytes))
}

impl OperatorStore for Store<Connection> {
    fn create_operator(
        &self,
        operator: &NewOperator,
    ) -> Result<OperatorNumber, CreateOperatorError> {
        let password = operator.password.to_bytes();
        let work = |connection: &mut Connection| {
            let actor: Result<i64, Error> = diesel::insert_into(actors::table)
                .values((
                    actors::org_id.eq(operator.org.get()),
                    actors::kind.eq(OPERATOR),
                ))
                .returning(actors::number)
                .get_result(connection);
            let number = match actor {
                Err(Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)) => {
                    return Err(Rollback::Refused(CreateOperatorError::UnknownOrg));
                }
                number => number?,
            };
            let inserted: Option<i64> = diesel::insert_into(operators::table)
                .values((
                    operators::number.eq(number),
                    operators::org_id.eq(operator.org.get()),
                    operators::login.eq(operator.login.as_str()),
                    operators::name.eq(operator.name.as_str()),
                    operators::roles.eq(operator.roles.bits()),
                    operators::password.eq(password.as_slice()),
                    operators::created_on.eq(operator.created.on.unix_micros()),
                ))
                .on_conflict(operators::login)
                .do_nothing()
                .returning(operators::number)
                .get_result(connection)
                .optional()?;
            let Some(number) = inserted else {
                return Err(Rollback::Refused(CreateOperatorError::LoginTaken));
            };
            let number = stored(number)?;
            connection.tell(operator.org, &[operator.entry(number)])?;
            Ok(number)
        };
        self.writer.write(work, nobody_knows)
    }

    fn operators(&self, within: Option<OrgId>) -> Result<Vec<Operator>, StoreError> {
        self.reader.query(|connection| {
            let mut query = operators::table
                .select(COLUMNS)
                .order(operators::number)
                .into_boxed();
            if let Some(org) = within {
                query = query.filter(operators::org_id.eq(org.get()));
            }
            let rows: Vec<OperatorRow> = query.load(connection)?;
            let all = rows.into_iter().map(OperatorRow::operator);
            Ok(all.collect::<anyhow::Result<_>>()?)
        })
    }

    fn operator(&self, login: &Login) -> Result<Option<KnownOperator>, StoreError> {
        self.reader.query(|connection| {
            let row: Option<(OperatorRow, Vec<u8>)> = operators::table
                .select((COLUMNS, operators::password))
                .filter(operators::login.eq(login.as_str()))
                .get_result(connection)
                .optional()?;
            let Some((row, bytes)) = row else {
                return Ok(None);
            };
            Ok(Some(KnownOperator {
                operator: row.operator()?,
                password: password(&bytes)?,
            }))
        })
    }

    fn set_password(
        &self,
        within: Option<OrgId>,
        login: &Login,
        password: &PasswordHash,
        by: &Attribution,
    ) -> Result<(), UnknownOperator> {
        let password = password.to_bytes();
        let work = |connection: &mut Connection| {
            let operator = locked(connection, within, login)?;
            diesel::update(operators::table.find(operator.number.get()))
                .set(operators::password.eq(password.as_slice()))
                .execute(connection)?;
            end_all(connection, operator.number)?;
            connection.tell(operator.org, &[telling::password_set(&operator, by)])?;
            Ok(())
        };
        self.writer.write(work, nobody_knows)
    }

    fn set_roles(
        &self,
        within: Option<OrgId>,
        login: &Login,
        roles: Roles,
        by: &Attribution,
    ) -> Result<(), UnknownOperator> {
        let work = |connection: &mut Connection| {
            let before = locked(connection, within, login)?;
            let after = Operator {
                roles,
                ..before.clone()
            };
            diesel::update(operators::table.find(before.number.get()))
                .set(operators::roles.eq(roles.bits()))
                .execute(connection)?;
            let told = telling::operator_changed(&before, &after, by);
            connection.tell(before.org, told.as_slice())?;
            Ok(())
        };
        self.writer.write(work, nobody_knows)
    }

    fn set_link(
        &self,
        within: Option<OrgId>,
        login: &Login,
        link: Option<&OperatorLink>,
        by: &Attribution,
    ) -> Result<(), LinkOperatorError> {
        let work = |connection: &mut Connection| {
            let before = locked(connection, within, login).map_err(unlinked)?;
            if before.link.as_ref() == link {
                return Ok(());
            }
            let updated = diesel::update(operators::table.find(before.number.get()))
                .set((
                    operators::link_issuer.eq(link.map(|it| it.issuer.as_str())),
                    operators::link_subject.eq(link.map(|it| it.subject.as_str())),
                ))
                .execute(connection);
            match updated {
                Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                    return Err(Rollback::Refused(LinkOperatorError::Taken));
                }
                updated => updated?,
            };
            end_all(connection, before.number)?;
            let after = Operator {
                link: link.cloned(),
                ..before.clone()
            };
            let told = telling::operator_changed(&before, &after, by);
            connection.tell(before.org, told.as_slice())?;
            Ok(())
        };
        self.writer.write(work, nobody_knows)
    }

    fn linked_operator(&self, link: &OperatorLink) -> Result<Option<Operator>, StoreError> {
        self.reader.query(|connection| {
            // However often she was disabled and created anew, they are few.
            let rows: Vec<OperatorRow> = operators::table
                .select(COLUMNS)
                .filter(operators::link_issuer.eq(link.issuer.as_str()))
                .filter(operators::link_subject.eq(link.subject.as_str()))
                .load(connection)?;
            let all = rows.into_iter().map(OperatorRow::operator);
            let all = all.collect::<anyhow::Result<Vec<_>>>()?;
            Ok(all.into_iter().max_by_key(held_last))
        })
    }

    fn disable_operator(
        &self,
        within: Option<OrgId>,
        login: &Login,
        by: &Attribution,
    ) -> Result<(), UnknownOperator> {
        let work = |connection: &mut Connection| {
            let operator = locked(connection, within, login)?;
            diesel::update(operators::table.find(operator.number.get()))
                .set(operators::disabled_on.eq(by.on.unix_micros()))
                .execute(connection)?;
            end_all(connection, operator.number)?;
            connection.tell(operator.org, &[telling::operator_disabled(&operator, by)])?;
            Ok(())
        };
        self.writer.write(work, nobody_knows)
    }

    fn begin_session(
        &self,
        operator: OperatorNumber,
        proof: &SignInProof,
        new: &NewSession,
        by: &Attribution,
    ) -> Result<Session, UnknownOperator> {
        let now = by.on.unix_micros();
        let row = (now, new.expires_on.unix_micros(), new.ends_on.unix_micros());
        let work = |connection: &mut Connection| {
            // Whoever disables her or changes the password or the link writes this row too: one waits for
            // the other.
            let still = operators::number
                .eq(operator.get())
                .and(operators::disabled_on.is_null());
            let row_of_operator: QueryResult<OperatorRow> = match proof {
                SignInProof::Password(password) => {
                    let password = password.to_bytes();
                    let still = still.and(operators::password.eq(password.as_slice()));
                    diesel::update(operators::table.filter(still))
                        .set(operators::last_signed_in_on.eq(now))
                        .returning(COLUMNS)
                        .get_result(connection)
                }
                SignInProof::Link(link) => {
                    let still = still
                        .and(operators::link_issuer.eq(link.issuer.as_str()))
                        .and(operators::link_subject.eq(link.subject.as_str()));
                    diesel::update(operators::table.filter(still))
                        .set(operators::last_signed_in_on.eq(now))
                        .returning(COLUMNS)
                        .get_result(connection)
                }
            };
            let row_of_operator = row_of_operator.optional()?;
            let Some(row_of_operator) = row_of_operator else {
                return Err(Rollback::Refused(UnknownOperator::Unknown));
            };
            let row_of_org: OrgRow = orgs::table
                .select(ORG)
                .filter(orgs::id.eq(row_of_operator.org))
                .get_result(connection)?;
            diesel::insert_into(operator_sessions::table)
                .values((
                    operator_sessions::token.eq(new.token.as_bytes().as_slice()),
                    operator_sessions::org_id.eq(row_of_operator.org),
                    operator_sessions::operator.eq(operator.get()),
                    operator_sessions::began_on.eq(row.0),
                    operator_sessions::expires_on.eq(row.1),
                    operator_sessions::ends_on.eq(row.2),
                ))
                .execute(connection)?;
            let begun = session(row_of_operator, row_of_org, row)?;
            let told = telling::signed_in(&begun.operator, by);
            connection.tell(begun.org.id, &[told])?;
            Ok(begun)
        };
        self.writer.write(work, nobody_knows)
    }

    fn session(&self, token: &SecretHash, now: Instant) -> Result<Option<Session>, StoreError> {
        self.reader.query(|connection| {
            let columns: (OperatorColumns, OrgColumns, SessionColumns) = (COLUMNS, ORG, SESSION);
            let row: Option<(OperatorRow, OrgRow, SessionRow)> = operator_sessions::table
                .inner_join(operators::table.inner_join(orgs::table))
                .select(columns)
                .filter(operator_sessions::token.eq(token.as_bytes().as_slice()))
                .filter(operator_sessions::expires_on.gt(now.unix_micros()))
                .filter(operators::disabled_on.is_null())
                .get_result(connection)
                .optional()?;
            let found = row.map(|(operator, org, row)| session(operator, org, row));
            Ok(found.transpose()?)
        })
    }

    fn extend_session(&self, token: &SecretHash, expires_on: Instant) -> Result<(), StoreError> {
        let expires_on = expires_on.unix_micros();
        let work = |connection: &mut Connection| {
            diesel::update(operator_sessions::table)
                .filter(operator_sessions::token.eq(token.as_bytes().as_slice()))
                .filter(operator_sessions::expires_on.lt(expires_on))
                .filter(operator_sessions::ends_on.ge(expires_on))
                .set(operator_sessions::expires_on.eq(expires_on))
                .execute(connection)?;
            Ok(())
        };
        self.writer.write(work, nobody_knows)
    }

    fn end_session(&self, token: &SecretHash, by: &Attribution) -> Result<bool, StoreError> {
        let work = |connection: &mut Connection| {
            let operator: Option<i64> = diesel::delete(operator_sessions::table)
                .filter(operator_sessions::token.eq(token.as_bytes().as_slice()))
                .returning(operator_sessions::operator)
                .get_result(connection)
                .optional()?;
            let Some(operator) = operator else {
                return Ok(false);
            };
            tell_of(connection, stored(operator)?, |it| {
                telling::signed_out(it, by)
            })?;
            Ok(true)
        };
        self.writer.write(work, nobody_knows)
    }

    fn end_sessions(&self, operator: OperatorNumber, by: &Attribution) -> Result<u64, StoreError> {
        let work = |connection: &mut Connection| {
            let ended = end_all(connection, operator)?;
            if ended > 0 {
                tell_of(connection, operator, |it| telling::signed_out(it, by))?;
            }
            Ok(ended)
        };
        self.writer.write(work, nobody_knows)
    }

    fn note_refused(&self, operator: OperatorNumber, by: &Attribution) -> Result<(), StoreError> {
        let work = |connection: &mut Connection| {
            Ok(tell_of(connection, operator, |it| {
                telling::sign_in_refused(it, by)
            })?)
        };
        self.writer.write(work, nobody_knows)
    }

    fn sweep_sessions(&self, now: Instant) -> Result<u64, StoreError> {
        let work = |connection: &mut Connection| {
            let ended: Vec<Vec<u8>> = operator_sessions::table
                .select(operator_sessions::token)
                .filter(operator_sessions::expires_on.le(now.unix_micros()))
                .order(operator_sessions::expires_on)
                .limit(AT_ONCE)
                .load(connection)?;
            // One that was extended meanwhile stays.
            let removed: Vec<i64> = diesel::delete(operator_sessions::table)
                .filter(operator_sessions::token.eq_any(&ended))
                .filter(operator_sessions::expires_on.le(now.unix_micros()))
                .returning(operator_sessions::operator)
                .get_results(connection)?;
            Ok(removed.len() as u64)
        };
        self.writer.write(work, nobody_knows)
    }
}

/// The operator with this login, unless she is disabled or of another org than is asked for, as she stays
/// until the transaction ends.
fn locked(
    connection: &mut Connection,
    within: Option<OrgId>,
    login: &Login,
) -> Result<Operator, Rollback<UnknownOperator>> {
    // To write a row is what locks it on either database.
    let row: Option<OperatorRow> = diesel::update(operators::table)
        .filter(operators::login.eq(login.as_str()))
        .filter(operators::disabled_on.is_null())
        .set(operators::login.eq(login.as_str()))
        .returning(COLUMNS)
        .get_result(connection)
        .optional()?;
    let operator = row.map(OperatorRow::operator).transpose()?;
    operator
        .filter(|it| within.is_none_or(|org| it.org == org))
        .ok_or(Rollback::Refused(UnknownOperator::Unknown))
}

/// The same refusal of who is to be linked.
fn unlinked(back: Rollback<UnknownOperator>) -> Rollback<LinkOperatorError> {
    match back {
        Rollback::Refused(error) => Rollback::Refused(error.into()),
        Rollback::Failed(error) => Rollback::Failed(error),
    }
}

/// Orders those who have one link: who is active is last, before her who was disabled last.
fn held_last(operator: &Operator) -> (bool, Option<Instant>) {
    (operator.is_active(), operator.disabled_on)
}

/// Ends every session of the operator; gives how many there were.
fn end_all(connection: &mut Connection, operator: OperatorNumber) -> Result<u64, WorkError> {
    let ended: Vec<i64> = diesel::delete(operator_sessions::table)
        .filter(operator_sessions::operator.eq(operator.get()))
        .returning(operator_sessions::operator)
        .get_results(connection)?;
    Ok(ended.len() as u64)
}

/// Writes what the audit trail tells of the operator, if there is one with this number.
fn tell_of(
    connection: &mut Connection,
    operator: OperatorNumber,
    told: impl Fn(&Operator) -> Entry,
) -> Result<(), WorkError> {
    let row: Option<OperatorRow> = operators::table
        .select(COLUMNS)
        .filter(operators::number.eq(operator.get()))
        .get_result(connection)
        .optional()?;
    let Some(row) = row else {
        return Ok(());
    };
    let operator = row.operator()?;
    connection.tell(operator.org, &[told(&operator)])
}
