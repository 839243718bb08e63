//! Signing in with a password, and how a session begins.

use accolade_domain::audit::{Attribution, RequestTag};
use accolade_domain::ids::OperatorNumber;
use accolade_domain::login::Login;
use time::Duration;

use crate::access::Secret;
use crate::operators::{Password, PasswordHash, Session};
use crate::ports::{NewSession, Ports, SignInProof, StoreError, UnknownOperator};

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// How long one that nobody uses.
    pub idle: Duration,
    /// How long one at most.
    pub most: Duration,
}

/// What somebody signs in with.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The login, as presented.
    pub login: String,
    /// The password, as presented.
    pub password: Password,
    /// The request that it came with.
    pub tag: Option<RequestTag>,
}

/// A session that begins.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Its token: whoever has it has the session.
    pub token: Secret,
    /// The session.
    pub session: Session,
}

/// How a sign-in went.
#[derive(Debug, Clone)]
pub enum SignInResult {
    /// A session begins.
    SignedIn(Box<SignedIn>),
    /// The password is wrong, nobody has the login, or the operator who has it is disabled: whoever asks
    /// is not told which. The operator is for [`note_refused`], after the answer.
    Refused(Option<OperatorNumber>),
}

/// Begins a session if the login is somebody's and the password hers. Takes as long whoever has the login,
/// and whether anybody has it.
///
/// # Errors
/// The store failed.
pub fn sign_in(
    ports: &Ports,
    sign_in: &SignIn,
    lifetimes: Lifetimes,
) -> Result<SignInResult, StoreError> {
    let store = &ports.stores.operators;
    let found = match Login::try_from(sign_in.login.as_str()) {
        Ok(login) => store.operator(&login)?,
        Err(_) => None,
    };
    let stored = found
        .as_ref()
        .map_or(PasswordHash::NOBODY, |it| it.password);
    let is_right = stored.is_of(&sign_in.password)?;
    let Some(operator) = found.map(|it| it.operator) else {
        return Ok(SignInResult::Refused(None));
    };
    let refused = SignInResult::Refused(Some(operator.number));
    if !is_right || !operator.is_active() {
        return Ok(refused);
    }
    let proof = SignInProof::Password(stored);
    let tag = sign_in.tag.clone();
    match begin(ports, operator.number, &proof, tag, lifetimes)? {
        Begin::Begun(signed_in) => Ok(SignInResult::SignedIn(signed_in)),
        Begin::Refused => Ok(refused),
    }
}

/// Whether a session began.
pub(super) enum Begin {
    /// It did.
    Begun(Box<SignedIn>),
    /// What it was to begin by holds no more, or the operator was disabled.
    Refused,
}

/// Begins a session of the operator, who has shown who she is by `proof`.
///
/// # Errors
/// The store failed.
pub(super) fn begin(
    ports: &Ports,
    operator: OperatorNumber,
    proof: &SignInProof,
    tag: Option<RequestTag>,
    lifetimes: Lifetimes,
) -> Result<Begin, StoreError> {
    let now = ports.clock.now();
    let by = Attribution {
        actor: operator.into(),
        on: now,
        tag,
    };
    let token = Secret::generate(&*ports.secrets);
    let ends_on = now + lifetimes.most;
    let new = NewSession {
        token: token.hash(),
        expires_on: (now + lifetimes.idle).min(ends_on),
        ends_on,
    };
    match (ports.stores.operators).begin_session(operator, proof, &new, &by) {
        Ok(session) => Ok(Begin::Begun(Box::new(SignedIn { token, session }))),
        Err(UnknownOperator::Unknown) => Ok(Begin::Refused),
        Err(UnknownOperator::Store(error)) => Err(error),
    }
}

/// Has the audit trail say that somebody was refused who tried to sign in as the operator. Nobody waits
/// for it: how long a refusal takes tells nothing.
///
/// # Errors
/// The store failed.
pub fn note_refused(
    ports: &Ports,
    operator: OperatorNumber,
    tag: Option<RequestTag>,
) -> Result<(), StoreError> {
    let by = Attribution {
        tag,
        ..Attribution::system(ports.clock.now())
    };
    ports.stores.operators.note_refused(operator, &by)
}
