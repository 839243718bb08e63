//! Sessions: what a browser that signed in may do, and for how long.

use accolade_domain::audit::Attribution;
use accolade_domain::audit::RequestTag;
use accolade_domain::instant::Instant;
use accolade_domain::operator::{Operator, Permission};
use accolade_domain::rejection::{Code, Rejection};

use crate::access::{AccessGroup, AccessGroups, Caller, Secret};
use crate::operators::Lifetimes;
use crate::ports::{Org, Ports, StoreError};

/// A session that goes on. It ends when it was idle too long, when it is too old, when somebody signs out,
/// and with the password or the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose it is.
    pub operator: Operator,
    /// The org that she works for.
    pub org: Org,
    /// When it began.
    pub began_on: Instant,
    /// When it ends unless it is used before.
    pub expires_on: Instant,
    /// When it ends however much it is used.
    pub ends_on: Instant,
}

impl Session {
    /// Whether its operator may do this.
    pub fn may(&self, permission: Permission) -> bool {
        self.operator.roles.may(permission)
    }

    /// Its operator as the caller of use cases that need `permission`, with the access groups that those
    /// ask for and no others. There is no other way to act.
    ///
    /// # Errors
    /// 1931 if she may not.
    pub fn caller(&self, permission: Permission) -> Result<Caller, Rejection> {
        if !self.may(permission) {
            let message = "Your roles do not permit this. Ask an admin of your organisation.";
            return Err(Rejection::new(Code::Forbidden).with_message(message));
        }
        Ok(Caller {
            org: self.org.id,
            zone: self.org.zone.clone(),
            region: self.org.region,
            actor: self.operator.number.into(),
            groups: groups(permission),
        })
    }

    /// Who signs out by it at `on`.
    fn attribution(&self, on: Instant, tag: Option<RequestTag>) -> Attribution {
        Attribution {
            actor: self.operator.number.into(),
            on,
            tag,
        }
    }
}

/// The access groups of which use cases ask one that need `permission`.
fn groups(permission: Permission) -> AccessGroups {
    use AccessGroup::{Admin, BadgesApprove, BadgesIssue, BadgesRead, BadgesWrite};
    let groups: &[AccessGroup] = match permission {
        // To see a job is to have what its operation needs.
        Permission::Look | Permission::RunJobs => &[BadgesRead, BadgesIssue, BadgesWrite],
        Permission::Serve => &[BadgesRead, BadgesIssue],
        Permission::Define | Permission::Webhooks => &[BadgesRead, BadgesWrite],
        Permission::Vote => &[BadgesRead, BadgesApprove],
        Permission::Audit | Permission::Rules | Permission::Clients | Permission::Operators => {
            &[Admin]
        }
    };
    groups.iter().copied().collect()
}

/// After how much of its idle time, as a divisor of it, a session is extended: not with each request.
const EXTENDED_AFTER: i32 = 10;

/// The session whose token this is, if it goes on. That it is used extends it.
///
/// # Errors
/// The store failed.
pub fn session(
    ports: &Ports,
    token: &Secret,
    lifetimes: Lifetimes,
) -> Result<Option<Session>, StoreError> {
    let (now, token) = (ports.clock.now(), token.hash());
    let store = &ports.stores.operators;
    let Some(mut session) = store.session(&token, now)? else {
        return Ok(None);
    };
    let expires_on = (now + lifetimes.idle).min(session.ends_on);
    if expires_on.since(session.expires_on) >= lifetimes.idle / EXTENDED_AFTER {
        store.extend_session(&token, expires_on)?;
        session.expires_on = expires_on;
    }
    Ok(Some(session))
}

/// The same for a page that she has left open, which asks for itself again: it extends nothing.
///
/// # Errors
/// The store failed.
pub fn session_of_open_page(ports: &Ports, token: &Secret) -> Result<Option<Session>, StoreError> {
    let now = ports.clock.now();
    ports.stores.operators.session(&token.hash(), now)
}

/// Ends the session whose token this is, if there is one.
///
/// # Errors
/// The store failed.
pub fn sign_out(ports: &Ports, token: &Secret, tag: Option<RequestTag>) -> Result<(), StoreError> {
    let (now, token) = (ports.clock.now(), token.hash());
    let store = &ports.stores.operators;
    if let Some(session) = store.session(&token, now)? {
        store.end_session(&token, &session.attribution(now, tag))?;
    }
    Ok(())
}

/// Ends every session of the operator whose session this is.
///
/// # Errors
/// The store failed.
pub fn sign_out_everywhere(
    ports: &Ports,
    session: &Session,
    tag: Option<RequestTag>,
) -> Result<(), StoreError> {
    let by = session.attribution(ports.clock.now(), tag);
    let store = &ports.stores.operators;
    store.end_sessions(session.operator.number, &by)?;
    Ok(())
}
