//! Places on this machine where a test is sent something.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;

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
