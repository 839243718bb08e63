//! Who races: callers of one org, on one server with SQLite, and on two that share a PostgreSQL.

use std::sync::OnceLock;

use accolade_tests::{Backend, Client, Org, Reply, Server, Setup, at_once, earning, shared};

/// How many threads begin at the same moment.
pub(super) const RACERS: usize = 8;

/// Several callers of one org, each perhaps on a server of its own, and who to ask afterwards.
pub(super) struct Callers {
    pub(super) org: Org,
    clients: Vec<Client>,
    servers: Vec<&'static Server>,
}

impl Callers {
    /// Callers of one server.
    pub(super) fn on_sqlite() -> Self {
        let server = shared(Backend::Sqlite);
        let org = server.org();
        Self {
            clients: vec![(*org).clone()],
            servers: vec![server],
            org,
        }
    }

    /// Every other caller speaks to the second server.
    pub(super) fn on_two_servers() -> Self {
        static SECOND: OnceLock<Server> = OnceLock::new();
        let first = shared(Backend::Postgres);
        let second = SECOND.get_or_init(|| Setup::on(first.database().clone()).start());
        let org = first.org();
        Self {
            clients: vec![(*org).clone(), (*second.take_over(&org)).clone()],
            servers: vec![first, second],
            org,
        }
    }

    /// So many further clients of the org, with these access groups.
    pub(super) fn further(&self, count: usize, groups: &str) -> Vec<Client> {
        let servers = self.servers.iter().cycle().take(count);
        servers
            .map(|server| server.client_with(&self.org, groups))
            .collect()
    }

    /// The caller with this index among the racers.
    pub(super) fn number(&self, index: usize) -> &Client {
        &self.clients[index % self.clients.len()]
    }

    /// The earns of all, each racer earning `times` times as `customer` says.
    pub(super) fn earn(
        &self,
        badge: &str,
        times: i64,
        customer: impl Fn(i64, i64) -> i64 + Sync,
    ) -> Vec<Reply> {
        let replies = at_once(RACERS, |index| {
            let racer = i64::try_from(index).unwrap();
            (0..times)
                .map(|time| {
                    let body = earning(badge, customer(racer, time));
                    self.number(index).earn(&body)
                })
                .collect::<Vec<_>>()
        });
        replies.into_iter().flatten().collect()
    }
}

/// How many succeeded; all others must have been refused with `code`.
pub(super) fn successes(replies: &[Reply], code: u64) -> usize {
    let (done, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|it| it.status == 200);
    for reply in refused {
        assert_eq!(reply.codes(), [code], "{reply}");
    }
    done.len()
}

/// Makes two tests of each race, functions of `&Callers`.
macro_rules! races {
    ($($name:ident)*) => {
        $(mod $name {
            use super::Callers;
            #[test]
            fn on_sqlite() {
                super::$name(&Callers::on_sqlite());
            }
            #[test]
            fn on_two_servers_that_share_a_postgresql() {
                super::$name(&Callers::on_two_servers());
            }
        })*
    };
}
pub(super) use races;
