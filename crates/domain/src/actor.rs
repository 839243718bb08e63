//! Whoever changes something: the identity that is recorded beside every change.
//!
//! API clients, and the operators of a console, take their numbers from one sequence, so that one
//! number says who it was. What a server or its command line does by itself is done by
//! [`Actor::SYSTEM`]. A worker that executes later what somebody asked for acts as that one.

use std::fmt;
use std::str::FromStr;

use crate::ids::{ClientNumber, OperatorNumber};

/// Whoever changes something; the wire's `createdBy` and `lastUpdatedBy`.
///
/// ```
/// use accolade_domain::actor::Actor;
///
/// assert_eq!(Actor::try_from(7).map(Actor::number), Ok(7));
/// assert_eq!(Actor::SYSTEM.number(), 0);
/// assert!(Actor::try_from(-1).is_err());
/// assert_eq!("7".parse(), Actor::try_from(7));
/// assert!("+7".parse::<Actor>().is_err() && "".parse::<Actor>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "i64", into = "i64"))]
pub struct Actor(i64);

/// The number is negative, or the text is no number: nobody has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the number of an actor must be a whole number that is not negative")]
pub struct NoActor;

impl Actor {
    /// The server itself, or its command line.
    pub const SYSTEM: Self = Self(0);

    /// The number under which it is stored and shown: 0 for the system, at least 1 for others.
    pub const fn number(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Actor {
    type Error = NoActor;

    fn try_from(number: i64) -> Result<Self, NoActor> {
        if number >= 0 {
            Ok(Self(number))
        } else {
            Err(NoActor)
        }
    }
}

impl FromStr for Actor {
    type Err = NoActor;

    /// Reads a string of digits: no sign, no blanks.
    fn from_str(text: &str) -> Result<Self, NoActor> {
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NoActor);
        }
        text.parse().map(Self).map_err(|_| NoActor)
    }
}

impl From<ClientNumber> for Actor {
    fn from(client: ClientNumber) -> Self {
        Self(client.get())
    }
}

impl From<OperatorNumber> for Actor {
    fn from(operator: OperatorNumber) -> Self {
        Self(operator.get())
    }
}

impl From<Actor> for i64 {
    fn from(actor: Actor) -> Self {
        actor.0
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
