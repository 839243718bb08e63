//! A proxy before PostgreSQL that breaks connections when a test says so.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use url::Url;

/// Where a connection breaks around a COMMIT, and whether new ones are let through then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommitFault {
    /// Whether PostgreSQL still gets the COMMIT: it does what it says, and nobody hears.
    pub carried_out: bool,
    /// Whether the database can be reached again at once.
    pub reachable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Pass,
    Refuse,
    AtCommit(CommitFault),
    Closed,
}

/// A TCP proxy before a PostgreSQL server.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    mode: Mutex<Mode>,
    streams: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// Stands before the server of `url`.
    pub fn before(url: &str) -> Self {
        let mut url = Url::parse(url).unwrap();
        let host = url.host_str().unwrap_or("127.0.0.1").to_owned();
        let target = (host, url.port().unwrap_or(5432))
            .to_socket_addrs()
            .unwrap()
            .next()
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(address.port())).unwrap();
        // It reads what passes.
        url.query_pairs_mut().append_pair("sslmode", "disable");
        let shared = Arc::new(Shared {
            target,
            mode: Mutex::new(Mode::Pass),
            streams: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                match accepting.mode() {
                    Mode::Closed => return,
                    Mode::Refuse => drop(stream),
                    Mode::Pass | Mode::AtCommit(_) => accepting.serve(stream),
                }
            }
        });
        Self {
            url: url.into(),
            address,
            shared,
        }
    }

    /// The URL to reach the database through it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Breaks all connections and lets no new ones through.
    pub fn cut(&self) {
        self.shared.cut(Mode::Refuse);
    }

    /// Lets everything through again.
    pub fn mend(&self) {
        self.shared.set_mode(Mode::Pass);
    }

    /// Breaks all connections at the next COMMIT.
    pub fn cut_at_commit(&self, fault: CommitFault) {
        self.shared.set_mode(Mode::AtCommit(fault));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.cut(Mode::Closed);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn mode(&self) -> Mode {
        *self.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_mode(&self, mode: Mode) {
        *self.mode.lock().unwrap_or_else(PoisonError::into_inner) = mode;
    }

    fn cut(&self, then: Mode) {
        self.set_mode(then);
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        for stream in streams.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn serve(self: &Arc<Self>, client: TcpStream) {
        let Ok(server) = TcpStream::connect(self.target) else {
            return;
        };
        let (Ok(from_client), Ok(from_server)) = (client.try_clone(), server.try_clone()) else {
            return;
        };
        let (Ok(kept_client), Ok(kept_server)) = (client.try_clone(), server.try_clone()) else {
            return;
        };
        self.streams
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend([kept_client, kept_server]);
        // Set when the server's next words are not to be heard.
        let deaf = Arc::new(Mutex::new(None));
        let lost = Arc::new(AtomicBool::new(false));
        let (shared, shared_deaf, shared_lost) =
            (Arc::clone(self), Arc::clone(&deaf), Arc::clone(&lost));
        std::thread::spawn(move || {
            pump(from_client, server, |words| {
                let Mode::AtCommit(fault) = shared.mode() else {
                    return true;
                };
                if !words
                    .windows(6)
                    .any(|six| six.eq_ignore_ascii_case(b"COMMIT"))
                {
                    return true;
                }
                let then = if fault.reachable {
                    Mode::Pass
                } else {
                    Mode::Refuse
                };
                if fault.carried_out {
                    *shared_deaf.lock().unwrap_or_else(PoisonError::into_inner) = Some(then);
                    shared_lost.store(true, Ordering::SeqCst);
                    return true;
                }
                shared.cut(then);
                false
            });
        });
        let shared = Arc::clone(self);
        std::thread::spawn(move || {
            pump(from_server, client, |_| {
                if !lost.load(Ordering::SeqCst) {
                    return true;
                }
                let then = deaf.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(then) = then {
                    shared.cut(then);
                }
                false
            });
        });
    }
}

/// Passes words on while `listen` lets them.
fn pump(mut from: TcpStream, mut to: TcpStream, mut listen: impl FnMut(&[u8]) -> bool) {
    let mut chunk = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        if !listen(&chunk[..count]) || to.write_all(&chunk[..count]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

#[cfg(test)]
mod tests {
    use accolade_test_postgres::TestDatabase;
    use diesel::connection::SimpleConnection as _;
    use diesel::pg::PgConnection;
    use diesel::{Connection as _, QueryResult};

    use super::*;

    const INSERT: &str = "BEGIN; INSERT INTO t VALUES (1)";

    fn table() -> (TestDatabase, Proxy, PgConnection) {
        let database = TestDatabase::empty().unwrap();
        let proxy = Proxy::before(database.url());
        let mut connection = PgConnection::establish(proxy.url()).unwrap();
        connection.batch_execute("CREATE TABLE t (a int)").unwrap();
        (database, proxy, connection)
    }

    /// Whether the table has one row, seen past the proxy.
    fn has_row(database: &TestDatabase) -> bool {
        let mut connection = PgConnection::establish(database.url()).unwrap();
        let check = "DO $$ BEGIN ASSERT (SELECT count(*) FROM t) = 1; END $$";
        connection.batch_execute(check).is_ok()
    }

    fn commit(carried_out: bool) -> (TestDatabase, Proxy, QueryResult<()>) {
        let (database, proxy, mut connection) = table();
        connection.batch_execute(INSERT).unwrap();
        proxy.cut_at_commit(CommitFault {
            carried_out,
            reachable: false,
        });
        let result = connection.batch_execute("COMMIT");
        (database, proxy, result)
    }

    #[test]
    fn what_is_cut_fails_until_it_is_mended() {
        let (_database, proxy, mut connection) = table();
        proxy.cut();
        assert!(connection.batch_execute(INSERT).is_err());
        assert!(PgConnection::establish(proxy.url()).is_err());
        proxy.mend();
        PgConnection::establish(proxy.url()).unwrap();
    }

    #[test]
    fn a_commit_is_kept_from_postgresql() {
        let (database, proxy, result) = commit(false);
        assert!(result.is_err());
        assert!(PgConnection::establish(proxy.url()).is_err());
        assert!(!has_row(&database));
    }

    #[test]
    fn a_commit_is_carried_out_and_its_answer_lost() {
        let (database, _proxy, result) = commit(true);
        assert!(result.is_err());
        assert!(has_row(&database));
    }
}
