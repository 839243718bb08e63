//! A proxy before PostgreSQL that breaks connections when a test says so.

use std::cell::Cell;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use url::Url;

/// Where connections break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nowhere.
    Pass,
    /// At once, and no new ones are taken.
    Refuse,
    /// At the next COMMIT.
    AtCommit {
        /// Whether PostgreSQL still gets the COMMIT: it does what it says, and nobody hears.
        carried_out: bool,
        /// What becomes of new connections.
        then: Then,
    },
    /// At the first rows of the next COPY, which PostgreSQL does not get.
    AtCopy {
        /// What becomes of new connections.
        then: Then,
    },
    /// In the middle of the next words of a server, of which PostgreSQL gets the first half; only the
    /// connection that they came by.
    InMidStatement,
}

/// What becomes of new connections after a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// They are let through.
    Pass,
    /// They are not taken.
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

#[derive(Debug)]
struct State {
    mode: Mode,
    is_gone: bool,
    open: Vec<TcpStream>,
    /// What a transaction must have sent for its COMMIT to break; nothing: any does.
    sent: Vec<u8>,
    /// How long all words wait.
    delay: Duration,
}

impl State {
    fn cut(&mut self, then: Mode) {
        self.mode = then;
        for stream in self.open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// A proxy before the server of a URL, until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// Stands before the server of `url`, whose connections must not be encrypted: it reads
    /// what passes.
    ///
    /// # Errors
    /// The URL names no host, or there is no free port.
    pub fn before(url: &str) -> Result<Self> {
        let mut url = Url::parse(url)?;
        let targets = url.socket_addrs(|| Some(5432))?;
        let target = *targets.first().context("the URL names no host")?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        url.set_host(Some("127.0.0.1"))?;
        let _ = url.set_port(Some(address.port()));
        url.query_pairs_mut().append_pair("sslmode", "disable");
        let state = Arc::new(Mutex::new(State {
            mode: Mode::Pass,
            is_gone: false,
            open: Vec::new(),
            sent: Vec::new(),
            delay: Duration::ZERO,
        }));
        let of_listener = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(std::io::Result::ok) {
                if lock(&of_listener).is_gone {
                    return;
                }
                // A connection that cannot be served is closed, as by a server that is away.
                let _ = serve(&client, target, &of_listener);
            }
        });
        Ok(Self {
            url: url.into(),
            address,
            state,
        })
    }

    /// The URL to reach the database through it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Says that only the COMMIT of a transaction breaks that has sent `text`: servers commit what they
    /// do in the background, too.
    pub fn break_only_what_sends(&self, text: &str) {
        lock(&self.state).sent = text.as_bytes().to_vec();
    }

    /// Has whatever a server says wait this long on its way.
    pub fn delay(&self, delay: Duration) {
        lock(&self.state).delay = delay;
    }

    /// Says where connections break from now on.
    pub fn set(&self, mode: Mode) {
        let mut state = lock(&self.state);
        if mode == Mode::Refuse {
            state.cut(mode);
        }
        state.mode = mode;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        state.is_gone = true;
        state.cut(Mode::Refuse);
        drop(state);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(client: &TcpStream, target: SocketAddr, state: &Arc<Mutex<State>>) -> Result<()> {
    let mut locked = lock(state);
    if locked.mode == Mode::Refuse {
        return Ok(());
    }
    let server = TcpStream::connect(target)?;
    locked
        .open
        .extend([client.try_clone()?, server.try_clone()?]);
    drop(locked);
    // What comes after the break, once the server's next words are not to be heard.
    let lost = Arc::new(Mutex::new(None));
    {
        let (from, to) = (client.try_clone()?, server.try_clone()?);
        let (state, lost) = (Arc::clone(state), Arc::clone(&lost));
        let has_sent = Cell::new(false);
        thread::spawn(move || {
            pump(from, to, |words| {
                let delay = lock(&state).delay;
                thread::sleep(delay);
                let mut state = lock(&state);
                // The statement alone: new connections set READ COMMITTED.
                let is_commit = holds(words, b"COMMIT\0");
                let breaks = state.sent.is_empty() || has_sent.get();
                has_sent.set(!is_commit && (has_sent.get() || holds(words, &state.sent)));
                match state.mode {
                    Mode::AtCommit { carried_out, then } if is_commit && breaks => {
                        if carried_out {
                            *lock(&lost) = Some(then);
                            return words.len();
                        }
                        state.cut(then.into());
                        0
                    }
                    // Rows in the binary form have this before them.
                    Mode::AtCopy { then } if holds(words, b"PGCOPY") => {
                        state.cut(then.into());
                        0
                    }
                    Mode::InMidStatement => {
                        state.mode = Mode::Pass;
                        words.len() / 2
                    }
                    _ => words.len(),
                }
            });
        });
    }
    let (from, to, state) = (server, client.try_clone()?, Arc::clone(state));
    thread::spawn(move || {
        pump(from, to, |words| match lock(&lost).take() {
            Some(then) => {
                lock(&state).cut(then.into());
                0
            }
            None => words.len(),
        });
    });
    Ok(())
}

fn holds(words: &[u8], word: &[u8]) -> bool {
    !word.is_empty() && words.windows(word.len()).any(|part| part == word)
}

/// Passes words on while `listen` lets all of them; of the last ones as many as it lets.
fn pump(mut from: TcpStream, mut to: TcpStream, listen: impl Fn(&[u8]) -> usize) {
    let mut words = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut words) {
        let passes = listen(&words[..count]);
        if to.write_all(&words[..passes]).is_err() || passes < count {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
