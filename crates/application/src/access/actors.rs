//! Who an actor is.

use accolade_domain::actor::Actor;
use accolade_domain::rejection::{Code, Rejection};

use crate::access::Caller;
use crate::error::UseCaseError;
use crate::ports::{ActorRecord, Ports};

/// Who `actor` is: the system, which every org knows and no store is asked for, or somebody of the
/// caller's org.
///
/// # Errors
/// 404 if nobody of the caller's org has this number.
pub fn actor(ports: &Ports, caller: &Caller, actor: Actor) -> Result<ActorRecord, UseCaseError> {
    if actor == Actor::SYSTEM {
        return Ok(ActorRecord::System);
    }
    let found = ports.stores.actors.find(caller.org, actor)?;
    found.ok_or_else(|| {
        let message =
            format!("Actor {actor} not found. Take the number from a createdBy or lastUpdatedBy.");
        Rejection::new(Code::NotFound).with_message(message).into()
    })
}
