//! The official libraries of Standard Webhooks verify what arrives.

use std::path::{Path, PathBuf};
use std::process::Command;

use accolade_domain::instant::Instant;
use accolade_domain::webhook::{Batch, SigningSecret, SigningSecrets, Webhook, WebhookSettings};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::receiver::{Received, Receiver, Reply, eventually};
use crate::world::{World, settings, webhook};

const OLD: [u8; 32] = [1; 32];
const NEW: [u8; 32] = [2; 32];

/// The seed and the public key of RFC 8032's first test.
const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

fn bytes(hex: &str) -> [u8; 32] {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    std::array::from_fn(|index| digit(index * 2))
}

fn whsec(key: [u8; 32]) -> String {
    format!("whsec_{}", STANDARD.encode(key))
}

/// One delivery to a webhook with these secrets, of one event or of a batch.
async fn delivered(secrets: SigningSecrets, batch: i64) -> Received {
    let world = World::new();
    let receiver = Receiver::start(|_, _| Reply::status(200)).await;
    let webhook = Webhook {
        secrets,
        ..webhook(
            1,
            WebhookSettings {
                batch: Batch::try_from(batch).unwrap(),
                ..settings(&receiver.url())
            },
        )
    };
    world.feed.earn([1, 2, 3]);
    let delivering = world.deliver(&webhook);
    world.done_to(&webhook, 3).await;
    delivering.stop().await;
    receiver.received().remove(0)
}

fn hmac(key: [u8; 32]) -> SigningSecrets {
    SigningSecrets::new(SigningSecret::Hmac(key))
}

/// Secrets of which the old one signs for a long time yet.
fn in_mid_rotation() -> SigningSecrets {
    hmac(OLD).rotated(
        SigningSecret::Hmac(NEW),
        Instant::MAX - SigningSecrets::OVERLAP,
    )
}

fn ed25519() -> SigningSecrets {
    SigningSecrets::new(SigningSecret::Ed25519 {
        seed: bytes(SEED),
        public: bytes(PUBLIC),
    })
}

fn verify(request: &Received, key: [u8; 32]) -> Result<(), standardwebhooks::WebhookError> {
    let official = standardwebhooks::Webhook::new(&whsec(key)).unwrap();
    official.verify(&request.body, &request.headers)
}

#[tokio::test(flavor = "multi_thread")]
async fn rusts_verifies_singles_batches_and_both_secrets_in_mid_rotation() {
    for batch in [1, 100] {
        let request = delivered(hmac(OLD), batch).await;
        verify(&request, OLD).unwrap();
        verify(&request, NEW).unwrap_err();

        let request = delivered(in_mid_rotation(), batch).await;
        verify(&request, OLD).unwrap();
        verify(&request, NEW).unwrap();

        let mut forged = request.clone();
        forged.body = [b" ".as_slice(), &request.body].concat().into();
        verify(&forged, NEW).unwrap_err();
    }
}

/// Where `tests/install` puts the libraries of other languages.
fn installed() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    target.join("webhooks")
}

/// Deliveries, each with the secrets that verify it and one that does not, as the other languages
/// read them.
async fn deliveries() -> String {
    let mut all = Vec::new();
    for batch in [1, 100] {
        for (secrets, right) in [(hmac(OLD), vec![OLD]), (in_mid_rotation(), vec![OLD, NEW])] {
            let request = delivered(secrets, batch).await;
            all.push(told(&request, &right, None));
        }
        let request = delivered(ed25519(), batch).await;
        let public = format!("whpk_{}", STANDARD.encode(bytes(PUBLIC)));
        all.push(told(&request, &[], Some(&public)));
    }
    serde_json::to_string(&all).unwrap()
}

fn told(request: &Received, right: &[[u8; 32]], public: Option<&str>) -> serde_json::Value {
    let header = |name: &str| request.header(name).to_owned();
    json!({
        "headers": {
            "webhook-id": header("webhook-id"),
            "webhook-timestamp": header("webhook-timestamp"),
            "webhook-signature": header("webhook-signature"),
        },
        "body": std::str::from_utf8(&request.body).unwrap(),
        "right": right.iter().map(|key| whsec(*key)).collect::<Vec<_>>(),
        "wrong": whsec([9; 32]),
        "publicKey": public,
    })
}

#[expect(clippy::print_stderr, reason = "says that it proves nothing")]
fn skipped(missing: &Path) {
    let missing = missing.display();
    eprintln!("skipped: {missing} is not there; `.ci/setup tests` installs it");
}

/// Has a program of another language verify deliveries, where its library is installed.
async fn verified_by(program: &Path, script: &str, library: &Path) {
    if !library.exists() {
        skipped(library);
        return;
    }
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/webhooks");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("deliveries.json");
    std::fs::write(&file, deliveries().await).unwrap();
    let output = Command::new(program)
        .arg(tests.join(script))
        .arg(&file)
        .env("WEBHOOKS_LIBRARIES", installed())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn javascripts_verifies_what_arrives() {
    let library = installed().join("node_modules/standardwebhooks");
    verified_by(Path::new("node"), "verify.mjs", &library).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pythons_verifies_what_arrives() {
    let python = installed().join("venv/bin/python");
    verified_by(&python, "verify.py", &python).await;
}

/// The program that the README shows as a receiver, listening on `port`.
fn receiver_of_the_readme(port: u16) -> String {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let text = std::fs::read_to_string(file).unwrap();
    let program = text
        .lines()
        .map(|line| line.strip_prefix("    ").unwrap_or(line))
        .skip_while(|line| *line != "import os")
        .take_while(|line| !line.starts_with("It gets everything"))
        .map(|line| line.replace("9000", &port.to_string()));
    program.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receiver_of_the_readme_takes_what_is_right_and_refuses_what_is_not() {
    let python = installed().join("venv/bin/python");
    if !python.exists() {
        skipped(&python);
        return;
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("receiver.py");
    std::fs::write(&file, receiver_of_the_readme(port)).unwrap();
    let mut program = Command::new(python)
        .arg(&file)
        .env("SECRET", whsec(NEW))
        .spawn()
        .unwrap();
    eventually(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).await;

    let url = format!("http://127.0.0.1:{port}/");
    for (number, key, status) in [(1, NEW, 204), (2, OLD, 401)] {
        let world = World::new();
        let webhook = Webhook {
            secrets: hmac(key),
            ..webhook(number, settings(&url))
        };
        world.feed.earn([1]);
        let delivering = world.deliver(&webhook);
        let attempt = world.first_attempt(&webhook).await;
        delivering.stop().await;
        assert_eq!(attempt.http_status, Some(status));
    }
    program.kill().unwrap();
    program.wait().unwrap();
}
