//! Those who take what they can: each does its kind of harm until it is told to stop.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use accolade_tests::{Org, PREFIX, earning, earning_all};

use crate::chance::Chance;

/// What all of them know.
pub(super) struct Crowd<'c> {
    /// Where the server is.
    pub(super) socket: &'c str,
    pub(super) org: &'c Org,
    /// A badge that is earned directly, whose earns are counted.
    pub(super) badge: &'c str,
    /// Another one, for those who do not wait for their answers.
    pub(super) abandoned: &'c str,
    pub(super) is_over: &'c AtomicBool,
    /// How many customers were answered that they have earned the first badge.
    pub(super) earned: &'c AtomicU64,
    /// How often a nuisance tried.
    pub(super) attempts: &'c AtomicU64,
}

impl Crowd<'_> {
    fn goes_on(&self) -> bool {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        !self.is_over.load(Ordering::Relaxed)
    }

    /// Sends earns of many customers without a pause: more than fits.
    pub(super) fn flood(&self, mut chance: Chance) {
        let client = self.org.with_a_connection();
        while self.goes_on() {
            let count = chance.number(1..=200);
            let first = chance.number(1..=1_000_000_000);
            let customers: Vec<i64> = (first..first + count).collect();
            let body = earning_all(self.badge, &customers);
            let request = client
                .sending("POST", "customer/earnBulk", &body)
                .may_fail();
            // A connection beyond the bounds may be ended without an answer.
            let Ok(reply) = request.try_send() else {
                continue;
            };
            match reply.status {
                200 => {
                    let earned = reply.data()["earnedCount"].as_u64().unwrap();
                    self.earned.fetch_add(earned, Ordering::Relaxed);
                }
                429 | 503 => assert!(reply.header("retry-after").is_some(), "{reply}"),
                _ => panic!("{reply}"),
            }
        }
    }

    /// Presents secrets that are wrong.
    pub(super) fn guess(&self) {
        let credentials = self.org.credentials().unwrap().wrong();
        while self.goes_on() {
            let request = self.org.request("GET", "badgeMeta").may_fail();
            let request = request.header("Authorization", &credentials.basic());
            if let Ok(reply) = request.try_send() {
                assert!([401, 429, 503].contains(&reply.status), "{reply}");
            }
        }
    }

    /// Sends a request and is gone.
    pub(super) fn vanish(&self, mut chance: Chance) {
        while self.goes_on() {
            let customer = chance.number(1..=1_000_000_000);
            let body = earning(self.abandoned, customer).to_string();
            let request = self.head("POST customer/earn", body.len()) + &body;
            if let Some(mut stream) = self.connect() {
                let len = chance.count(1..=request.len());
                let _ = stream.write_all(&request.as_bytes()[..len]);
            }
        }
    }

    /// Sends a request so slowly that it never ends.
    pub(super) fn drip(&self) {
        let request = self.head("POST customer/earn", 10_000);
        while self.goes_on() {
            let Some(mut stream) = self.connect() else {
                continue;
            };
            for byte in request.bytes().chain(std::iter::repeat(b' ')) {
                if self.is_over.load(Ordering::Relaxed) || stream.write_all(&[byte]).is_err() {
                    break;
                }
                thread::sleep(Duration::from_millis(20));
            }
        }
    }

    /// Asks for large answers and reads none of them.
    pub(super) fn read_nothing(&self) {
        let mut held = Vec::new();
        while self.goes_on() {
            if held.len() < 20
                && let Some(mut stream) = self.connect()
            {
                let request = format!("{}\r\n", self.head("GET exports/earnedBadges", 0));
                let _ = stream.write_all(request.as_bytes());
                held.push(stream);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Holds `count` connections on which nothing happens.
    pub(super) fn idle(&self, count: usize) {
        let mut held = Vec::with_capacity(count);
        while self.goes_on() {
            if held.len() < count {
                held.extend(self.connect());
                continue;
            }
            thread::sleep(Duration::from_millis(50));
            // Who was ended comes again.
            held.retain_mut(|stream: &mut TcpStream| {
                let _ = stream.set_nonblocking(true);
                let ended = stream.read(&mut [0; 512]);
                ended.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
            });
        }
    }

    fn connect(&self) -> Option<TcpStream> {
        let stream = TcpStream::connect(self.socket).ok()?;
        let patience = Some(Duration::from_secs(5));
        stream.set_write_timeout(patience).ok()?;
        Some(stream)
    }

    /// The head of a request with so many bytes of body.
    fn head(&self, what: &str, len: usize) -> String {
        let (method, path) = what.split_once(' ').unwrap();
        let basic = self.org.credentials().unwrap().basic();
        format!(
            "{method} {PREFIX}/{path} HTTP/1.1\r\nHost: here\r\nAuthorization: {basic}\r\n\
             Content-Type: application/json\r\nContent-Length: {len}\r\n\r\n"
        )
    }
}
