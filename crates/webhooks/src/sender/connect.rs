//! Connections to receivers: looked up once, checked, and made to what was checked.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use accolade_domain::webhook::address::ReceiverPolicy;
use hyper::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower_service::Service;

use crate::sender::PATIENCE;
use crate::sender::resolve::Resolve;

/// How long one address has to take a connection.
const ADDRESS_PATIENCE: Duration = Duration::from_secs(5);

/// Why there is no connection: in short words, without what lies behind the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConnectError {
    /// The name has no address, or nobody could be asked.
    #[error("the name could not be resolved")]
    NoAddress,
    /// Too many names are being looked up to look up this one.
    #[error("the name was not looked up, as too many are at the moment")]
    Busy,
    /// The name has an address that receivers must not have.
    #[error("the address is not allowed")]
    NotAllowed,
    /// Nobody took the connection.
    #[error("the connection failed")]
    Failed,
    /// The other side's certificate is not one that this side trusts for the name.
    #[error("the certificate is not trusted")]
    Certificate,
    /// The two could not agree on how to encrypt.
    #[error("the TLS handshake failed")]
    Tls,
}

/// Makes connections. Whatever a name means at the next look-up: what was checked is what is
/// connected to.
#[derive(Clone)]
pub(crate) struct Connector {
    resolver: Arc<dyn Resolve>,
    policy: Arc<ReceiverPolicy>,
    tls: TlsConnector,
}

impl Connector {
    pub(crate) fn new(
        resolver: Arc<dyn Resolve>,
        policy: Arc<ReceiverPolicy>,
        tls: Arc<rustls::ClientConfig>,
    ) -> Self {
        Self {
            resolver,
            policy,
            tls: TlsConnector::from(tls),
        }
    }

    /// The addresses of `host`, a name or an address: all of them allowed.
    pub(crate) async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, ConnectError> {
        // An address of IPv6 has brackets in a url.
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let addresses = if let Ok(address) = bare.parse() {
            vec![address]
        } else {
            let found = self.resolver.resolve(host.to_owned()).await;
            found.map_err(|error| match error.kind() {
                io::ErrorKind::WouldBlock => ConnectError::Busy,
                _ => ConnectError::NoAddress,
            })?
        };
        if addresses.is_empty() {
            return Err(ConnectError::NoAddress);
        }
        if addresses.iter().all(|it| self.policy.permits(*it)) {
            Ok(addresses)
        } else {
            Err(ConnectError::NotAllowed)
        }
    }

    async fn connect(self, uri: Uri) -> Result<Stream, ConnectError> {
        let host = uri.host().ok_or(ConnectError::NoAddress)?;
        let is_tls = uri.scheme_str() != Some("http");
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let addresses = self.addresses(host).await?;
        let tcp = first_connection(&addresses, port, ADDRESS_PATIENCE).await?;
        // What is written is a whole request; waiting for more of it helps nobody.
        let _ = tcp.set_nodelay(true);
        if !is_tls {
            return Ok(Stream::Plain(TokioIo::new(tcp)));
        }
        let bare = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let name = ServerName::try_from(bare).map_err(|_| ConnectError::Tls)?;
        let tls = self
            .tls
            .connect(name, tcp)
            .await
            .map_err(|e| tls_error(&e))?;
        Ok(Stream::Tls(TokioIo::new(Box::new(tls))))
    }
}

/// The first of the addresses that takes the connection, each asked once. One that does not answer at
/// all leaves the others time.
async fn first_connection(
    addresses: &[IpAddr],
    port: u16,
    patience: Duration,
) -> Result<TcpStream, ConnectError> {
    for address in addresses {
        let connect = TcpStream::connect(SocketAddr::new(*address, port));
        if let Ok(Ok(stream)) = timeout(patience, connect).await {
            return Ok(stream);
        }
    }
    Err(ConnectError::Failed)
}

fn tls_error(error: &io::Error) -> ConnectError {
    let inner = error
        .get_ref()
        .and_then(|it| it.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(_)) => ConnectError::Certificate,
        _ => ConnectError::Tls,
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connect = self.clone().connect(uri);
        // Whoever waits for it may have gone; it goes on, for the next one, but not for ever.
        Box::pin(async move {
            let connected = timeout(PATIENCE, connect).await;
            connected.unwrap_or(Err(ConnectError::Failed))
        })
    }
}

/// A connection, encrypted or not.
pub(crate) enum Stream {
    Plain(TokioIo<TcpStream>),
    Tls(TokioIo<Box<TlsStream<TcpStream>>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl Write for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    #[tokio::test]
    async fn an_address_that_does_not_answer_leaves_the_next_one_time() {
        let silent = TcpSocket::new_v4().unwrap();
        silent.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let silent = silent.listen(1).unwrap();
        let first = silent.local_addr().unwrap();
        let second = TcpListener::bind(SocketAddr::from(([127, 0, 0, 2], first.port()))).await;
        let listening = second.unwrap();
        let second = listening.local_addr().unwrap();
        // Nobody accepts: once its queue is full, the first one answers no more.
        let patience = Duration::from_millis(200);
        let mut queued = Vec::new();
        let hangs = loop {
            match timeout(patience, TcpStream::connect(first)).await {
                Ok(stream) => queued.push(stream.unwrap()),
                Err(_) => break true,
            }
            if queued.len() > 100 {
                break false;
            }
        };
        assert!(hangs, "it goes on to answer");
        let both = [first.ip(), second.ip()];
        let connected = first_connection(&both, first.port(), patience).await;
        assert_eq!(connected.unwrap().peer_addr().unwrap(), second);
    }
}
