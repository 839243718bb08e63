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
