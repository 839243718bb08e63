//! Places on this machine where a test is sent something.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;

/// A request that was sent there.
pub(crate) struct Received {
    /// Its method and target, as its first line has them.
    pub(crate) call: String,
    /// Its headers, their names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// The only request of a connection; `None` if it breaks off.
    pub(crate) fn read(stream: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut first = String::new();
        reader.read_line(&mut first).ok()?;
        let (call, _) = first.rsplit_once(' ')?;
        let (mut headers, mut length) = (Vec::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':') {
                let (name, value) = (name.to_lowercase(), value.trim().to_owned());
                if name == "content-length" {
                    length = value.parse().ok()?;
                }
                headers.push((name, value));
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        Some(Self {
            call: call.to_owned(),
            headers,
            body,
        })
    }

    /// The value of the header with this name, in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Listens, and has `serve` called with each connection, one after the other; gives where.
pub(crate) fn listen(serve: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    // It ends with the process of the tests: nothing tells it to.
    thread::spawn(move || {
        listener.incoming().map_while(Result::ok).for_each(serve);
    });
    address
}
