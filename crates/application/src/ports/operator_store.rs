//! Where operators live, and their sessions.

use accolade_domain::audit::{Attribution, Entry, telling};
use accolade_domain::ids::{OperatorNumber, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::login::Login;
use accolade_domain::operator::{Operator, OperatorLink, Roles};
use accolade_domain::text::Name;

use crate::access::SecretHash;
use crate::operators::{PasswordHash, Session};
use crate::ports::StoreError;

/// An operator to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOperator {
    /// The org that she will work for.
    pub org: OrgId,
    /// What she signs in with.
    pub login: Login,
    /// Her name.
    pub name: Name,
    /// What she is there for.
    pub roles: Roles,
    /// The hash of her password.
    pub password: PasswordHash,
    /// When she is created, and by whom.
    pub created: Attribution,
}

impl NewOperator {
    /// The operator, once she has got her `number`.
    pub fn operator(&self, number: OperatorNumber) -> Operator {
        Operator {
            number,
            org: self.org,
            login: self.login.clone(),
            name: self.name.clone(),
            roles: self.roles,
            link: None,
            created_on: self.created.on,
            disabled_on: None,
            last_signed_in_on: None,
        }
    }

    /// What the audit trail tells of her once she has got her `number`.
    pub fn entry(&self, number: OperatorNumber) -> Entry {
        telling::operator_created(&self.operator(number), &self.created)
    }
}

/// An operator, with what is stored of her password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownOperator {
    /// Who she is.
    pub operator: Operator,
    /// The hash of her password.
    pub password: PasswordHash,
}

/// What an operator has shown to be who she is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInProof {
    /// The password of which this is the hash.
    Password(PasswordHash),
    /// That a provider vouches for whom she is linked to.
    Link(OperatorLink),
}

/// A session to be begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// The hash of its token.
    pub token: SecretHash,
    /// When it ends unless it is used before.
    pub expires_on: Instant,
    /// When it ends however much it is used.
    pub ends_on: Instant,
}

/// Why an operator was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateOperatorError {
    /// There is no such org.
    #[error("there is no organisation with this id")]
    UnknownOrg,
    /// Her login is taken, in this case or another, perhaps in another org. Who has it is unchanged.
    #[error("an operator with this login exists")]
    LoginTaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an operator was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UnknownOperator {
    /// There is no operator with this login, or none in that org, or she is disabled.
    #[error("there is no such operator, or she is disabled")]
    Unknown,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an operator was not linked.
#[derive(Debug, thiserror::Error)]
pub enum LinkOperatorError {
    /// There is no operator with this login, or none in that org, or she is disabled.
    #[error("there is no such operator, or she is disabled")]
    Unknown,
    /// Another operator who is not disabled has this link, perhaps in another org.
    #[error("another operator is linked to this subject")]
    Taken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<UnknownOperator> for LinkOperatorError {
    fn from(error: UnknownOperator) -> Self {
        match error {
            UnknownOperator::Unknown => Self::Unknown,
            UnknownOperator::Store(error) => Self::Store(error),
        }
    }
}

/// Where operators live, and their sessions. Whatever changes an operator, the audit trail of her org
/// tells, in the same transaction: by whom and when, and no password. What is asked `within` an org
/// finds nobody of another one.
pub trait OperatorStore: Send + Sync {
    /// Creates an operator and gives her the next number of all actors. Of two that race for one login
    /// exactly one wins, whatever the orgs.
    ///
    /// # Errors
    /// [`CreateOperatorError::UnknownOrg`], [`CreateOperatorError::LoginTaken`].
    fn create_operator(
        &self,
        operator: &NewOperator,
    ) -> Result<OperatorNumber, CreateOperatorError>;

    /// Every operator, or those of the org, disabled ones included, by number.
    ///
    /// # Errors
    /// The store failed.
    fn operators(&self, within: Option<OrgId>) -> Result<Vec<Operator>, StoreError>;

    /// The operator with this login, disabled or not, as she is now.
    ///
    /// # Errors
    /// The store failed.
    fn operator(&self, login: &Login) -> Result<Option<KnownOperator>, StoreError>;

    /// Gives the operator another password and ends her sessions.
    ///
    /// # Errors
    /// [`UnknownOperator::Unknown`].
    fn set_password(
        &self,
        within: Option<OrgId>,
        login: &Login,
        password: &PasswordHash,
        by: &Attribution,
    ) -> Result<(), UnknownOperator>;

    /// Gives the operator these roles instead of those that she has; they hold at once, in her sessions
    /// too. What changes nothing is in no audit trail.
    ///
    /// # Errors
    /// [`UnknownOperator::Unknown`].
    fn set_roles(
        &self,
        within: Option<OrgId>,
        login: &Login,
        roles: Roles,
        by: &Attribution,
    ) -> Result<(), UnknownOperator>;

    /// Links the operator to `link` instead of what she is linked to, or to nothing, and ends her sessions.
    /// What changes nothing ends none and is in no audit trail. Of two operators that race for one link
    /// exactly one wins, whatever the orgs; one who is disabled holds hers no more.
    ///
    /// # Errors
    /// [`LinkOperatorError::Unknown`], [`LinkOperatorError::Taken`].
    fn set_link(
        &self,
        within: Option<OrgId>,
        login: &Login,
        link: Option<&OperatorLink>,
        by: &Attribution,
    ) -> Result<(), LinkOperatorError>;

    /// The operator who has this link; if nobody has, the last one who was disabled with it.
    ///
    /// # Errors
    /// The store failed.
    fn linked_operator(&self, link: &OperatorLink) -> Result<Option<Operator>, StoreError>;

    /// Disables the operator for good, at the moment that `by` has, and ends her sessions.
    ///
    /// # Errors
    /// [`UnknownOperator::Unknown`] also if she is disabled already.
    fn disable_operator(
        &self,
        within: Option<OrgId>,
        login: &Login,
        by: &Attribution,
    ) -> Result<(), UnknownOperator>;

    /// Begins a session of the operator, at the moment that `by` has, if she still has the password or the
    /// link that is its `proof` and is not disabled. No session begins after a change of that or the end of
    /// the operator that it was compared before.
    ///
    /// # Errors
    /// [`UnknownOperator::Unknown`] if she has another password or link by now.
    fn begin_session(
        &self,
        operator: OperatorNumber,
        proof: &SignInProof,
        session: &NewSession,
        by: &Attribution,
    ) -> Result<Session, UnknownOperator>;

    /// The session whose token has this hash, unless it has ended at `now`, with its operator as she is
    /// now.
    ///
    /// # Errors
    /// The store failed.
    fn session(&self, token: &SecretHash, now: Instant) -> Result<Option<Session>, StoreError>;

    /// Lets the session, if there is one, go on until `expires_on`, but not beyond its end; never
    /// shortens it.
    ///
    /// # Errors
    /// The store failed.
    fn extend_session(&self, token: &SecretHash, expires_on: Instant) -> Result<(), StoreError>;

    /// Ends the session; gives whether there was one. The audit trail has it as of `by`.
    ///
    /// # Errors
    /// The store failed.
    fn end_session(&self, token: &SecretHash, by: &Attribution) -> Result<bool, StoreError>;

    /// Ends every session of the operator; gives how many there were. The audit trail has one entry, if
    /// there was any.
    ///
    /// # Errors
    /// The store failed.
    fn end_sessions(&self, operator: OperatorNumber, by: &Attribution) -> Result<u64, StoreError>;

    /// Has the audit trail say that somebody tried to sign in as the operator. Numbers of nobody are
    /// ignored.
    ///
    /// # Errors
    /// The store failed.
    fn note_refused(&self, operator: OperatorNumber, by: &Attribution) -> Result<(), StoreError>;

    /// Removes a bounded number of sessions that have ended at `now`; gives how many. It is in no audit
    /// trail.
    ///
    /// # Errors
    /// The store failed.
    fn sweep_sessions(&self, now: Instant) -> Result<u64, StoreError>;
}
