//! Encrypted connections.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use accolade_domain::webhook::address::ReceiverPolicy;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::receiver::{Received, Reply, serve};
use crate::world::{World, policy, settings, webhook};

/// A receiver with a certificate for `receiver.test`: its port, what it got, and whom to trust.
async fn start() -> (u16, Arc<Mutex<Vec<Received>>>, RootCertStore) {
    let names = vec!["receiver.test".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = Arc::new(Mutex::new(Vec::new()));
    let got = Arc::clone(&received);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(stream) = acceptor.accept(stream).await else {
                continue;
            };
            let got = Arc::clone(&got);
            tokio::spawn(serve(
                stream,
                got,
                Arc::new(|_: &Received, _| Reply::status(200)),
            ));
        }
    });
    (port, received, roots)
}

/// What came of one event that was sent to this name.
async fn error_at(name: &str, port: u16, roots: RootCertStore) -> Option<String> {
    let policy = ReceiverPolicy {
        allow_http: false,
        ..policy()
    };
    let world = World::with(policy, roots, Duration::from_secs(10));
    world.names.answers(name, &[&["127.0.0.1"]]);
    let webhook = webhook(1, settings(&format!("https://{name}:{port}/")));
    world.feed.earn([1]);
    let delivering = world.deliver(&webhook);
    let attempt = world.first_attempt(&webhook).await;
    delivering.stop().await;
    attempt.error
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_must_be_of_the_name_and_of_somebody_who_is_trusted() {
    let (port, received, roots) = start().await;
    assert_eq!(error_at("receiver.test", port, roots.clone()).await, None);
    let request = received.lock().unwrap().remove(0);
    assert_eq!(request.header("host"), format!("receiver.test:{port}"));

    let not_trusted = Some("the certificate is not trusted".to_owned());
    assert_eq!(error_at("other.test", port, roots).await, not_trusted);
    let nobody = RootCertStore::empty();
    assert_eq!(error_at("receiver.test", port, nobody).await, not_trusted);
    assert!(received.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_speak_tls_fails() {
    let plain = crate::receiver::Receiver::start(|_, _| Reply::status(200)).await;
    let port = plain.address.port();
    let error = error_at("receiver.test", port, RootCertStore::empty()).await;
    assert_eq!(error.as_deref(), Some("the TLS handshake failed"));
}
