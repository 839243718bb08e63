//! Whoever stands behind an actor.

use crate::actor::Actor;
use crate::login::Login;

/// Whoever stands behind an actor: actors with one principal are one when it comes to votes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principal {
    /// The person of this login, whether she signs in by it or owns the client.
    Person(Login),
    /// Nobody but the actor itself: a client without an owner, or the system.
    Alone(Actor),
}

impl Principal {
    /// Who stands behind `actor`, which is the operator of this login, or a client that its person owns;
    /// `None` if nobody does.
    pub fn of(actor: Actor, login: Option<&Login>) -> Self {
        match login {
            Some(login) => Self::Person(login.clone()),
            None => Self::Alone(actor),
        }
    }
}
