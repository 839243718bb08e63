//! Who an actor is.

use std::collections::BTreeSet;

use accolade_application::ports::{ActorRecord, Actors, StoreError};
use accolade_domain::actor::Actor;
use accolade_domain::ids::OrgId;

use crate::MemoryStore;

impl Actors for MemoryStore {
    fn find(&self, org: OrgId, actor: Actor) -> Result<Option<ActorRecord>, StoreError> {
        let state = self.begin();
        let mut clients = state.clients.iter();
        if let Some(client) = clients.find(|it| it.org.id == org && Actor::from(it.number) == actor)
        {
            return Ok(Some(ActorRecord::Client {
                number: client.number,
                name: client.name.clone(),
                owner: client.owner.clone(),
                over_on: client
                    .revoked_on
                    .into_iter()
                    .chain(client.bounds.ends_on)
                    .min(),
            }));
        }
        let mut operators = state.operators.iter().map(|it| &it.operator);
        let found = operators.find(|it| it.org == org && Actor::from(it.number) == actor);
        Ok(found.map(|operator| ActorRecord::Operator {
            number: operator.number,
            name: operator.name.clone(),
            login: operator.login.clone(),
            over_on: operator.disabled_on,
        }))
    }

    fn find_all(&self, org: OrgId, actors: &[Actor]) -> Result<Vec<ActorRecord>, StoreError> {
        let wanted: BTreeSet<_> = actors.iter().copied().collect();
        let found = wanted.into_iter().map(|actor| self.find(org, actor));
        found.filter_map(Result::transpose).collect()
    }
}
