//! When clients were last let in.

use std::time::Duration;

use accolade_application::ports::StoreError;

use crate::context::{Context, Line, Stores};
use crate::task::Task;

/// How long it rests. What is noted of a client is written once a minute at most.
const PERIOD: Duration = Duration::from_secs(10);

/// Writes down which clients were let in. All servers do it, each for its own requests.
pub(crate) struct Uses {
    context: Context,
}

impl Task for Uses {
    const NAME: &'static str = "uses";

    fn new(context: &Context) -> Self {
        Self {
            context: context.clone(),
        }
    }

    async fn step(&mut self) -> Result<Duration, StoreError> {
        self.write().await?;
        Ok(PERIOD)
    }

    async fn end(self) {
        if let Err(error) = self.write().await {
            tracing::debug!(%error, "the last uses of clients are not written down");
        }
    }
}

impl Uses {
    async fn write(&self) -> Result<(), StoreError> {
        let now = self.context.clock.now();
        let write = move |it: &Stores| it.uses.write(&*it.access, now);
        let clients = self.context.call(Line::Patient, write).await?;
        if clients > 0 {
            tracing::debug!(clients, "uses written down");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use accolade_application::access::{AccessGroups, ClientKey, Secret};
    use accolade_application::ports::{AccessStore as _, Client, NewClient, Org};
    use accolade_domain::audit::Attribution;
    use accolade_domain::zone::Zone;

    use super::*;
    use crate::testing::{World, pass};

    fn client(world: &World) -> Client {
        let org = Org {
            id: 7.try_into().unwrap(),
            name: "Org".try_into().unwrap(),
            zone: Zone::utc(),
            region: None,
        };
        let key = ClientKey::try_from("key").unwrap();
        let new = NewClient {
            org: org.id,
            name: "Till".try_into().unwrap(),
            key: key.clone(),
            groups: AccessGroups::DEFAULT,
            owner: None,
            secret: Secret::presented("secret").hash(),
            created: Attribution::system(world.now()),
        };
        world.fake.access.create_org(&org, world.now()).unwrap();
        world.fake.access.create_client(&new).unwrap();
        world.fake.access.client(&key).unwrap().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_let_in_again_and_again_is_written_down_once_a_minute() {
        let world = World::new();
        let new = client(&world);
        let used_on = || {
            let client = world.fake.access.client(&new.key).unwrap();
            client.unwrap().last_used_on
        };
        let _server = world.serve::<Uses>(1);
        pass(PERIOD).await;
        assert_eq!(used_on(), None);
        let mut written = Vec::new();
        for _ in 0..18 {
            let client = world.fake.access.client(&new.key).unwrap().unwrap();
            world.fake.uses.note(&client, world.now());
            pass(PERIOD).await;
            written.extend(used_on());
        }
        written.dedup();
        assert_eq!(written.len(), 3, "{written:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_noted_last_is_written_down_at_the_end() {
        let world = World::new();
        let new = client(&world);
        let server = world.serve::<Uses>(1);
        pass(Duration::from_secs(1)).await;
        world.fake.uses.note(&new, world.now());
        server.stop().await;
        let client = world.fake.access.client(&new.key).unwrap().unwrap();
        assert_eq!(client.last_used_on, Some(world.now()));
    }
}
