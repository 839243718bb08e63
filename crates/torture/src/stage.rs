//! A server and its database, which are treated badly.

use std::sync::{Arc, OnceLock};

use accolade_test_postgres::{Cluster, Options};
use accolade_tests::{Backend, Database, Org, Proxy, Server, Setup};

use crate::load::gate::Gate;

/// The PostgreSQL that rounds have for themselves, one after the other.
#[derive(Debug, Default)]
pub struct Grounds {
    cluster: OnceLock<Cluster>,
}

impl Grounds {
    /// One that may be crashed: what it has committed stays.
    fn cluster(&self) -> &Cluster {
        self.cluster
            .get_or_init(|| Cluster::start(&Options::durable()).unwrap())
    }
}

/// A server on a fresh database, and a client that may do everything.
#[derive(Debug)]
pub(crate) struct Stage<'g> {
    pub(crate) backend: Backend,
    cluster: Option<&'g Cluster>,
    pub(crate) proxy: Option<Proxy>,
    database: Arc<Database>,
    server: Option<Server>,
    org: Org,
}

impl<'g> Stage<'g> {
    /// With a way to PostgreSQL that can be broken.
    pub(crate) fn set(backend: Backend, grounds: &'g Grounds) -> Self {
        let (cluster, database) = match backend {
            Backend::Sqlite => (None, Database::create(backend)),
            Backend::Postgres => {
                let cluster = grounds.cluster();
                (
                    Some(cluster),
                    Database::within(cluster.empty_database().unwrap()),
                )
            }
        };
        let database = Arc::new(database);
        let mut setup = Setup::on(Arc::clone(&database))
            .with_receivers_on_this_machine()
            .set("log.level", "warn")
            .set("http.request_timeout", "10s")
            .set("database.connect_timeout", "1s")
            .set("database.pool_timeout", "2s");
        let proxy = cluster.map(|_| Proxy::before(database.url()).unwrap());
        if let Some(proxy) = &proxy {
            setup = setup.through(proxy.url());
        }
        let server = setup.start();
        let org = server.org();
        let client = server.client_with(&org, "badges:read,badges:write,badges:issue,admin");
        let org = org.acting_as(client);
        Self {
            backend,
            cluster,
            proxy,
            database,
            server: Some(server),
            org,
        }
    }

    pub(crate) fn org(&self) -> Org {
        self.org.clone()
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Kills the server as a power cut would, and starts another, with `meanwhile` in between.
    pub(crate) fn kill_server(&mut self, gate: &Gate, meanwhile: impl FnOnce(&Self)) {
        gate.server_dies();
        let setup = self.server.take().unwrap().kill();
        meanwhile(self);
        let server = setup.start();
        gate.server_is_back(server.take_over(&self.org));
        self.server = Some(server);
    }

    /// Ends PostgreSQL as a power cut would.
    pub(crate) fn crash_postgres(&self) {
        self.cluster.unwrap().crash().unwrap();
    }

    /// Starts it again.
    pub(crate) fn start_postgres(&self) {
        self.cluster.unwrap().start_again().unwrap();
    }

    /// Nothing in the database disagrees with anything else.
    pub(crate) fn verify(&self) {
        self.server().cli().run(&["verify"]).ok();
    }
}
