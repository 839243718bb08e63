//! How many connections there may be: in all, and from one address.
//!
//! A connection costs memory and a descriptor before anybody knows who is on it. So there is a bound of
//! them, and a lower one for each address: who opens very many shuts out neighbours at the same address
//! alone. A proxy that is trusted stands for many callers and has no bound of its own.
//!
//! What is beyond a bound is told so, as far as it listens, and ended at once; by TLS it is told
//! nothing, because nobody has agreed yet on how.

use std::any::Any;
use std::collections::HashMap;
use std::net::{IpAddr, Shutdown};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use accolade_domain::rejection::{Code, Rejection};
use accolade_wire::envelope;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use socket2::SockRef;

use crate::address::{TrustedProxies, network};
use crate::metrics::Metrics;
use crate::turned_away::Beyond;

/// How many connections there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionBounds {
    /// In all.
    pub all: usize,
    /// From one address; of IPv6, from one /64.
    pub of_address: usize,
}

/// The connections that there are. Cheap to clone; clones share the count.
#[derive(Clone)]
pub(crate) struct Connections(Arc<Inner>);

struct Inner {
    bounds: ConnectionBounds,
    proxies: TrustedProxies,
    metrics: Metrics,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_network: HashMap<IpAddr, usize>,
}

/// That a connection is one of those that there may be, until this value goes.
pub(crate) struct Admission {
    connections: Connections,
    network: Option<IpAddr>,
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut open = self.connections.open();
        open.all = open.all.saturating_sub(1);
        let Some(network) = self.network else {
            return;
        };
        if let Some(of_network) = open.by_network.get_mut(&network) {
            *of_network -= 1;
            if *of_network == 0 {
                open.by_network.remove(&network);
            }
        }
    }
}

/// What who is not admitted is told. It is no request yet that is answered: nothing was read of it.
static REFUSAL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let message = "There are too many connections. Use those that there are, or come again.";
    let rejection = Rejection::new(Code::Unavailable).with_message(message);
    let body = envelope::failure(&[rejection]).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: {}\r\nconnection: close\r\n\
         content-type: application/json\r\nretry-after: 1\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body].concat()
});

impl Connections {
    /// None yet, of as many as `bounds` say.
    pub(crate) fn new(bounds: ConnectionBounds, proxies: TrustedProxies, metrics: Metrics) -> Self {
        let open = Mutex::default();
        Self(Arc::new(Inner {
            bounds,
            proxies,
            metrics,
            open,
        }))
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.open().all
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Open> {
        // Numbers are whole after a panic elsewhere.
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the connection `io` in for as long as `kept` is, or ends it.
    pub(crate) fn begin(&self, io: &dyn Any, kept: &mut Extensions) {
        let Some(stream) = io.downcast_ref::<TcpStream>() else {
            return;
        };
        // Who has left already has no address any more.
        let Ok(peer) = stream.peer_addr() else {
            return;
        };
        if let Ok(admission) = self.enter(peer.ip()) {
            kept.insert(admission);
        } else {
            let socket = SockRef::from(stream);
            // It waits for nothing, and nobody is left who could be told if it fails.
            let _ = socket.send(&REFUSAL);
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Counts a connection from `address` in, or that it was ended: the caller is to end it.
    ///
    /// # Errors
    /// The bound that it is beyond.
    pub(crate) fn enter(&self, address: IpAddr) -> Result<Admission, Beyond> {
        self.admit(address).inspect_err(|beyond| {
            self.0.metrics.connection_refused(*beyond);
            tracing::debug!(bound = beyond.label(), "a connection too many was ended");
        })
    }

    /// Counts a connection from `address` in.
    ///
    /// # Errors
    /// The bound that it is beyond.
    fn admit(&self, address: IpAddr) -> Result<Admission, Beyond> {
        let bounds = self.0.bounds;
        let network = (!self.0.proxies.are_at(address)).then(|| network(address));
        let mut open = self.open();
        if open.all >= bounds.all {
            return Err(Beyond::All);
        }
        if let Some(network) = network {
            let of_network = open.by_network.entry(network).or_default();
            if *of_network >= bounds.of_address {
                return Err(Beyond::Address);
            }
            *of_network += 1;
        }
        open.all += 1;
        drop(open);
        Ok(Admission {
            connections: self.clone(),
            network,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus::Registry;

    fn connections(all: usize, of_address: usize) -> Connections {
        let bounds = ConnectionBounds { all, of_address };
        let proxies = TrustedProxies::new(&["10.0.0.0/8".parse().unwrap()]);
        let metrics = Metrics::new(|| 0, Registry::new()).unwrap();
        Connections::new(bounds, proxies, metrics)
    }

    fn admit(connections: &Connections, address: &str) -> Result<Admission, Beyond> {
        connections.admit(address.parse().unwrap())
    }

    #[test]
    fn an_address_has_only_so_many_and_others_are_let_in_beside_it() {
        let connections = connections(10, 2);
        let first = admit(&connections, "192.0.2.1").ok().unwrap();
        let _second = admit(&connections, "::ffff:192.0.2.1").ok().unwrap();
        assert_eq!(
            admit(&connections, "192.0.2.1").err(),
            Some(Beyond::Address)
        );
        let _other = admit(&connections, "192.0.2.2").ok().unwrap();
        let _six = admit(&connections, "2001:db8::1").ok().unwrap();
        let _same = admit(&connections, "2001:db8::2").ok().unwrap();
        assert_eq!(
            admit(&connections, "2001:db8::3").err(),
            Some(Beyond::Address)
        );
        assert_eq!(connections.count(), 5);
        drop(first);
        let _again = admit(&connections, "192.0.2.1").ok().unwrap();
    }

    #[test]
    fn there_are_only_so_many_in_all_and_a_trusted_proxy_has_no_bound_of_its_own() {
        let connections = connections(3, 1);
        let held: Vec<_> = (0..3).map(|_| admit(&connections, "10.0.0.1")).collect();
        assert!(held.iter().all(Result::is_ok));
        for address in ["10.0.0.1", "192.0.2.1"] {
            assert_eq!(admit(&connections, address).err(), Some(Beyond::All));
        }
        drop(held);
        assert_eq!(connections.count(), 0);
        assert!(connections.open().by_network.is_empty());
        assert!(admit(&connections, "192.0.2.1").is_ok());
    }
}
