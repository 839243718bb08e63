//! A proxy before PostgreSQL that breaks connections when a test says so.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use url::Url;

/// Where connections break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Nowhere.
    Pass,
    /// At once, and no new ones are taken.
    Refuse,
    /// At the next COMMIT: before the server has it, or else before the client has its
    /// answer. `then` comes after.
    AtCommit { carried_out: bool, then: Then },
    /// At the first rows of the next COPY, which the server does not get.
    AtCopy { then: Then },
}

/// What becomes of new connections after a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Pass,
    Refuse,
}

impl From<Then> for Mode {
    fn from(then: Then) -> Self {
        match then {
            Then::Pass => Self::Pass,
            Then::Refuse => Self::Refuse,
        }
    }
}

struct State {
    mode: Mode,
    open: Vec<TcpStream>,
}

impl State {
    fn cut(&mut self, then: Mode) {
        self.mode = then;
        for stream in self.open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// A proxy before the server of a URL.
pub(crate) struct Proxy {
    url: String,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    pub(crate) fn before(url: &str) -> Self {
        let mut url = Url::parse(url).unwrap();
        let target = url.socket_addrs(|| Some(5432)).unwrap()[0];
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(port)).unwrap();
        // It reads what passes.
        url.query_pairs_mut().append_pair("sslmode", "disable");
        let state = Arc::new(Mutex::new(State {
            mode: Mode::Pass,
            open: Vec::new(),
        }));
        let of_listener = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                serve(&client, target, &of_listener);
            }
        });
        Self {
            url: url.into(),
            state,
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn set(&self, mode: Mode) {
        let mut state = self.state.lock().unwrap();
        if mode == Mode::Refuse {
            state.cut(mode);
        }
        state.mode = mode;
    }
}

fn serve(client: &TcpStream, target: SocketAddr, state: &Arc<Mutex<State>>) {
    let mut locked = state.lock().unwrap();
    if locked.mode == Mode::Refuse {
        return;
    }
    let Ok(server) = TcpStream::connect(target) else {
        return;
    };
    let clone = |stream: &TcpStream| stream.try_clone().unwrap();
    locked.open.extend([clone(client), clone(&server)]);
    let lost = Arc::new(Mutex::new(None));
    {
        let (from, to) = (clone(client), clone(&server));
        let (state, lost) = (Arc::clone(state), Arc::clone(&lost));
        thread::spawn(move || {
            pump(from, to, |words| {
                let mut state = state.lock().unwrap();
                match state.mode {
                    Mode::AtCommit { carried_out, then } if is_commit(words) => {
                        if carried_out {
                            *lost.lock().unwrap() = Some(then);
                        } else {
                            state.cut(then.into());
                        }
                        carried_out
                    }
                    Mode::AtCopy { then } if is_copy(words) => {
                        state.cut(then.into());
                        false
                    }
                    _ => true,
                }
            });
        });
    }
    let (from, to, state) = (clone(&server), clone(client), Arc::clone(state));
    thread::spawn(move || {
        pump(from, to, |_| match lost.lock().unwrap().take() {
            Some(then) => {
                state.lock().unwrap().cut(then.into());
                false
            }
            None => true,
        });
    });
}

/// With the byte that ends a statement: `READ COMMITTED` is none, and a connection that joins the
/// pool says so at any time.
fn is_commit(words: &[u8]) -> bool {
    words.windows(7).any(|seven| seven == b"COMMIT\0")
}

/// Rows in the binary form have this before them.
fn is_copy(words: &[u8]) -> bool {
    words.windows(6).any(|six| six == b"PGCOPY")
}

/// Passes words on while `listen` lets them.
fn pump(mut from: TcpStream, mut to: TcpStream, listen: impl Fn(&[u8]) -> bool) {
    let mut words = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut words) {
        if !listen(&words[..count]) || to.write_all(&words[..count]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
