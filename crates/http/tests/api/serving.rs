//! The server on real sockets: it listens, and it ends when it is told to.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use accolade_http::app::serve;
use tokio::sync::oneshot;

use crate::support::TestApp;

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Sends a request on a connection of its own and gives the first line of the answer.
fn first_line(address: SocketAddr, path: &str) -> String {
    let answer = answer(address, "GET", path);
    answer.lines().next().unwrap_or_default().to_owned()
}

fn answer(address: SocketAddr, method: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_serves_on_both_ports_until_it_is_told_to_stop() {
    let (api, api_address) = listener();
    let (ops, ops_address) = listener();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let app = TestApp::with(|options| options.metrics = false);
            let server = serve(api, Some(ops), None, &app.state).unwrap();
            let stop = async {
                let _ = stopped.await;
            };
            server.run_until(stop).await
        })
    });
    assert_eq!(first_line(api_address, "/health/ready"), "HTTP/1.1 200 OK");
    assert_eq!(first_line(ops_address, "/metrics"), "HTTP/1.1 200 OK");
    assert_eq!(
        first_line(api_address, "/metrics"),
        "HTTP/1.1 404 Not Found"
    );
    let head = answer(api_address, "HEAD", "/health/ready");
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    assert!(
        head.contains("content-length: 15") && head.ends_with("\r\n\r\n"),
        "{head}"
    );
    // A connection that idles does not keep the server.
    let mut idle = TcpStream::connect(api_address).unwrap();
    write!(idle, "GET /health/live HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
    let mut byte = [0];
    idle.read_exact(&mut byte).unwrap();
    stop.send(()).unwrap();
    server.join().unwrap().unwrap();
    assert!(TcpStream::connect(api_address).is_err());
    assert!(TcpStream::connect(ops_address).is_err());
}
