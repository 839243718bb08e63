//! Who an actor is: the numbers beside every change, told by kind and name.

use accolade_domain::actor::Actor;
use accolade_domain::ids::{ClientNumber, OperatorNumber, OrgId};
use accolade_domain::login::Login;
use accolade_domain::text::Name;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActorRecord {
    /// The server itself, or its command line: the same for every org.
    System,
    /// An API client of the org.
    Client {
        /// Its number.
        number: ClientNumber,
        /// Its name, for people.
        name: Name,
    },
    /// An operator of the org.
    Operator {
        /// Her number.
        number: OperatorNumber,
        /// Her name, for people.
        name: Name,
        /// What she signs in with.
        login: Login,
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
