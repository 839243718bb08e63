//! Orgs and clients.

use accolade_application::access::{ClientKey, SecretHash};
use accolade_application::ports::{
    AccessStore, BoundsChange, Client, ClientBounds, CreateClientError, CreateOrgError, NewClient,
    Org, SecondSecret, StoreError, UnknownClient,
};
use accolade_domain::audit::{Attribution, telling};
use accolade_domain::ids::ClientNumber;
use accolade_domain::instant::Instant;
use anyhow::anyhow;

use crate::MemoryStore;
use crate::store::State;

impl AccessStore for MemoryStore {
    fn create_org(&self, org: &Org, _created_on: Instant) -> Result<(), CreateOrgError> {
        let mut state = self.begin();
        if state.orgs.contains_key(&org.id) {
            return Err(CreateOrgError::Exists);
        }
        state.orgs.insert(org.id, org.clone());
        Ok(())
    }

    fn orgs(&self) -> Result<Vec<Org>, StoreError> {
        Ok(self.begin().orgs.values().cloned().collect())
    }

    fn create_client(&self, client: &NewClient) -> Result<ClientNumber, CreateClientError> {
        let mut state = self.begin();
        let Some(org) = state.orgs.get(&client.org).cloned() else {
            return Err(CreateClientError::UnknownOrg);
        };
        if state.clients.iter().any(|other| other.key == client.key) {
            return Err(CreateClientError::KeyTaken);
        }
        let number = next_number(&state)?;
        state.clients.push(Client {
            number,
            org,
            name: client.name.clone(),
            key: client.key.clone(),
            groups: client.groups,
            owner: client.owner.clone(),
            secret: client.secret,
            next_secret: None,
            created_on: client.created.on,
            revoked_on: None,
            bounds: ClientBounds::default(),
            last_used_on: None,
        });
        state.tell([client.entry(number)]);
        Ok(number)
    }

    fn clients(&self) -> Result<Vec<Client>, StoreError> {
        Ok(self.begin().clients.clone())
    }

    fn client(&self, key: &ClientKey) -> Result<Option<Client>, StoreError> {
        let state = self.begin();
        Ok(state.clients.iter().find(|c| c.key == *key).cloned())
    }

    fn begin_rotation(
        &self,
        key: &ClientKey,
        next: &SecretHash,
        by: &Attribution,
    ) -> Result<SecondSecret, UnknownClient> {
        let mut state = self.begin();
        let client = working(&mut state, key)?;
        let second = match client.next_secret.replace(*next) {
            None => SecondSecret::New,
            Some(_) => SecondSecret::Replaced,
        };
        let told = telling::client_rotated(client.org.id, client.number, by);
        state.tell([told]);
        Ok(second)
    }

    fn finish_rotation(&self, key: &ClientKey, by: &Attribution) -> Result<(), UnknownClient> {
        let mut state = self.begin();
        let client = working(&mut state, key)?;
        client.secret = client.next_secret.take().ok_or(UnknownClient::Unknown)?;
        let told = telling::client_rotation_finished(client.org.id, client.number, by);
        state.tell([told]);
        Ok(())
    }

    fn revoke(&self, key: &ClientKey, by: &Attribution) -> Result<(), UnknownClient> {
        let mut state = self.begin();
        let client = working(&mut state, key)?;
        client.revoked_on = Some(by.on);
        let told = telling::client_revoked(client.org.id, client.number, by);
        state.tell([told]);
        Ok(())
    }

    fn set_bounds(
        &self,
        key: &ClientKey,
        change: &BoundsChange,
        by: &Attribution,
    ) -> Result<ClientBounds, UnknownClient> {
        let mut state = self.begin();
        let client = working(&mut state, key)?;
        let before = client.state();
        client.bounds = change.of(client.bounds);
        let (bounds, after) = (client.bounds, client.state());
        let told = telling::client_changed(client.org.id, client.number, before, after, by);
        state.tell(told);
        Ok(bounds)
    }

    fn note_uses(&self, clients: &[ClientNumber], on: Instant) -> Result<(), StoreError> {
        let mut state = self.begin();
        for client in &mut state.clients {
            if clients.contains(&client.number) && client.last_used_on.is_none_or(|it| it < on) {
                client.last_used_on = Some(on);
            }
        }
        Ok(())
    }
}

/// The next number of all actors.
pub(crate) fn next_number<N: TryFrom<i64>>(state: &State) -> Result<N, StoreError> {
    i64::try_from(state.clients.len() + state.operators.len() + 1)
        .ok()
        .and_then(|number| N::try_from(number).ok())
        .ok_or_else(|| StoreError::Unexpected(anyhow!("no number of an actor is left")))
}

/// The client with this key, unless it is revoked.
fn working<'a>(state: &'a mut State, key: &ClientKey) -> Result<&'a mut Client, UnknownClient> {
    state
        .clients
        .iter_mut()
        .find(|client| client.key == *key && client.revoked_on.is_none())
        .ok_or(UnknownClient::Unknown)
}
