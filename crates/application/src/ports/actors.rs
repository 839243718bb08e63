//! Who an actor is: the numbers beside every change, told by kind and name.

use accolade_domain::actor::Actor;
use accolade_domain::approval::Principal;
use accolade_domain::ids::{ClientNumber, OperatorNumber, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::login::Login;
use accolade_domain::text::Name;
use serde::{Deserialize, Serialize};

use crate::ports::StoreError;

/// What an actor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    /// The server itself, or its command line.
    System,
    /// A program that calls the API.
    Client,
    /// Somebody who works in the console.
    Operator,
}

impl ActorKind {
    /// Every kind.
    pub const ALL: &[Self] = &[Self::System, Self::Client, Self::Operator];

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "SYSTEM",
            Self::Client => "CLIENT",
            Self::Operator => "OPERATOR",
        }
    }
}

/// Who an actor is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActorRecord {
    /// The server itself, or its command line: the same for every org.
    System,
    /// An API client of the org.
    Client {
        /// Its number.
        number: ClientNumber,
        /// Its name, for people.
        name: Name,
        /// Who owns it, if anybody does.
        owner: Option<Login>,
        /// From when on nobody is let in with its secrets; `None`: that is not known.
        over_on: Option<Instant>,
    },
    /// An operator of the org.
    Operator {
        /// Her number.
        number: OperatorNumber,
        /// Her name, for people.
        name: Name,
        /// What she signs in with.
        login: Login,
        /// From when on she may not sign in any more, if ever.
        over_on: Option<Instant>,
    },
}

impl ActorRecord {
    /// The number that stands beside what it changes.
    pub fn actor(&self) -> Actor {
        match self {
            Self::System => Actor::SYSTEM,
            Self::Client { number, .. } => (*number).into(),
            Self::Operator { number, .. } => (*number).into(),
        }
    }

    /// Who stands behind it: what two actors have in common that are one when it comes to votes.
    pub fn principal(&self) -> Principal {
        let login = match self {
            Self::System => None,
            Self::Client { owner, .. } => owner.as_ref(),
            Self::Operator { login, .. } => Some(login),
        };
        Principal::of(self.actor(), login)
    }

    /// Whether it may do nothing any more at `now`.
    pub fn is_over(&self, now: Instant) -> bool {
        match self {
            Self::System => false,
            Self::Client { over_on, .. } | Self::Operator { over_on, .. } => {
                over_on.is_some_and(|over| over <= now)
            }
        }
    }

    /// What it is.
    pub const fn kind(&self) -> ActorKind {
        match self {
            Self::System => ActorKind::System,
            Self::Client { .. } => ActorKind::Client,
            Self::Operator { .. } => ActorKind::Operator,
        }
    }

    /// Its name, for people.
    pub fn name(&self) -> &str {
        match self {
            Self::System => "system",
            Self::Client { name, .. } | Self::Operator { name, .. } => name.as_str(),
        }
    }
}

/// Who the actors of an org are.
pub trait Actors: Send + Sync {
    /// The actor of `org` with this number; a revoked client and a disabled operator too, because
    /// their numbers stay beside what they changed. `None` if nobody has the number, or somebody of another org; and for
    /// [`Actor::SYSTEM`], which no store keeps.
    ///
    /// # Errors
    /// The store failed.
    fn find(&self, org: OrgId, actor: Actor) -> Result<Option<ActorRecord>, StoreError>;

    /// Those of `actors` that [`find`](Self::find) finds, each once, in any order, in one statement.
    ///
    /// # Errors
    /// The store failed.
    fn find_all(&self, org: OrgId, actors: &[Actor]) -> Result<Vec<ActorRecord>, StoreError>;
}
