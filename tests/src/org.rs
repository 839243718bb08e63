//! An org of one test, which keeps it apart from all others on its server.

use std::ops::Deref;

use crate::client::Client;

/// An org and a client of it; what one does with the client one does with the org.
#[derive(Debug, Clone)]
pub struct Org {
    id: i64,
    client: Client,
}

impl Org {
    pub(crate) fn new(id: i64, client: Client) -> Self {
        Self { id, client }
    }

    /// The same, with a connection of its own that it keeps.
    #[must_use]
    pub fn with_a_connection(&self) -> Self {
        Self::new(self.id, self.client.with_a_connection())
    }

    /// The same with another of its clients.
    #[must_use]
    pub fn acting_as(&self, client: Client) -> Self {
        Self::new(self.id, client)
    }

    /// Its number.
    pub fn id(&self) -> i64 {
        self.id
    }
}

impl Deref for Org {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}
