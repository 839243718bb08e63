//! Operators: the people who work in the console, and what they may do there.
//!
//! An operator belongs to one org, as a client does, and has a number of the sequence of all
//! [actors](crate::actor::Actor). What she may do is said by her [`Roles`], in [one table](Role::grants).

mod link;
mod role;

pub use link::{OperatorLink, Subject, UnfitSubject};
pub use role::{Permission, Role, Roles, UnknownRole};

use crate::ids::{OperatorNumber, OrgId};
use crate::instant::Instant;
use crate::login::Login;
use crate::text::Name;

/// Somebody who works in the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Her number: unique over all orgs and among clients, too.
    pub number: OperatorNumber,
    /// The org that she works for, and only ever acts for.
    pub org: OrgId,
    /// What she signs in with: unique over all orgs.
    pub login: Login,
    /// Her name, for people.
    pub name: Name,
    /// What she is there for.
    pub roles: Roles,
    /// Who she is to a provider that may sign her in, if she is linked to one.
    pub link: Option<OperatorLink>,
    /// When she was created.
    pub created_on: Instant,
    /// When she was disabled, if she was.
    pub disabled_on: Option<Instant>,
    /// When she last signed in; `None` if she never did.
    pub last_signed_in_on: Option<Instant>,
}

impl Operator {
    /// Whether she may sign in and act.
    pub const fn is_active(&self) -> bool {
        self.disabled_on.is_none()
    }
}
