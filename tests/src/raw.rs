//! Bytes over TCP, for what no HTTP client would send.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use ureq::http::{HeaderMap, HeaderName, HeaderValue};

use crate::reply::Reply;
use crate::server::Server;
use crate::tls::{Certificate, Stream};

/// A connection.
#[derive(Debug)]
pub struct Raw {
    stream: Stream,
    read: Vec<u8>,
}

impl Raw {
    /// Connects.
    pub fn connect(server: &Server) -> Self {
        Self::to(server.socket())
    }

    /// Connects to `socket`.
    pub fn to(socket: &str) -> Self {
        Self::from(Ipv4Addr::LOCALHOST.into(), socket)
    }

    /// Connects to `socket` from `address`, which is this machine's.
    pub fn from(address: IpAddr, socket: &str) -> Self {
        let to: SocketAddr = socket.parse().unwrap();
        let from = Socket::new(Domain::for_address(to), Type::STREAM, None).unwrap();
        from.bind(&SocketAddr::new(address, 0).into()).unwrap();
        from.connect(&to.into()).unwrap();
        let stream = TcpStream::from(from);
        let patience = Some(Duration::from_mins(1));
        stream.set_read_timeout(patience).unwrap();
        stream.set_write_timeout(patience).unwrap();
        stream.set_nodelay(true).unwrap();
        let read = Vec::new();
        let stream = Stream::Plain(stream);
        Self { stream, read }
    }

    /// Goes on by TLS, with who has `certificate`.
    ///
    /// # Errors
    /// The handshake fails.
    pub fn by_tls(self, certificate: &Certificate) -> std::io::Result<Self> {
        self.by_tls_offering(&["http/1.1"], certificate)
    }

    /// The same, with these protocols to choose from.
    ///
    /// # Errors
    /// The handshake fails.
    pub fn by_tls_offering(
        self,
        protocols: &[&str],
        certificate: &Certificate,
    ) -> std::io::Result<Self> {
        let (stream, read) = (self.stream.secure(protocols, certificate)?, self.read);
        Ok(Self { stream, read })
    }

    /// The protocol that was agreed on by TLS.
    pub fn protocol(&self) -> Option<&[u8]> {
        self.stream.protocol()
    }

    /// Sends bytes; whether the other side still takes them is not asked.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let _ = self.stream.write_all(bytes.as_ref());
        self
    }

    /// Says that nothing more will be sent.
    pub fn finish(&mut self) -> &mut Self {
        let _ = self.stream.tcp().shutdown(Shutdown::Write);
        self
    }

    /// Reads the next answer; `None` if the other side closes first.
    pub fn reply(&mut self) -> Option<Reply> {
        let end = loop {
            let found = self.read.windows(4).position(|four| four == b"\r\n\r\n");
            match found {
                Some(end) => break end + 4,
                None if self.more() => {}
                None => return None,
            }
        };
        let head = String::from_utf8(self.read[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: HeaderMap = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| {
                (
                    HeaderName::try_from(name).unwrap(),
                    HeaderValue::try_from(value.trim()).unwrap(),
                )
            })
            .collect();
        let length = headers
            .get("content-length")
            .map_or(0, |value| value.to_str().unwrap().parse().unwrap());
        while self.read.len() < end + length && self.more() {}
        let body = self.read[end..(end + length).min(self.read.len())].to_vec();
        self.read.drain(..end + body.len());
        Some(Reply {
            status,
            headers,
            body,
            request: "raw bytes".to_owned(),
        })
    }

    /// Reads the next answer, which must be an envelope.
    #[track_caller]
    pub fn envelope(&mut self) -> Reply {
        let reply = self.reply().unwrap();
        reply.check_envelope();
        reply
    }

    /// Waits until an answer begins to come; its first line.
    pub fn first_line(&mut self) -> String {
        while !self.read.contains(&b'\n') && self.more() {}
        let line = self.read.split(|byte| *byte == b'\r').next();
        String::from_utf8(line.unwrap_or_default().to_vec()).unwrap()
    }

    /// All that comes until the other side closes.
    pub fn rest(&mut self) -> Vec<u8> {
        while self.more() {}
        std::mem::take(&mut self.read)
    }

    /// Whether the other side closes without a further answer.
    pub fn is_closed(&mut self) -> bool {
        self.reply().is_none()
    }

    fn more(&mut self) -> bool {
        let mut chunk = [0; 16 * 1024];
        match self.stream.read(&mut chunk) {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.read.extend_from_slice(&chunk[..count]);
                true
            }
        }
    }
}
