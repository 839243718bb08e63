//! Every answer is what the OpenAPI document says of it.

use std::sync::LazyLock;

use accolade_test_openapi::{Answer, Document};

use crate::client::PREFIX;
use crate::reply::Reply;

/// The document as it is checked in, which the server's own is.
static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
    let text = std::fs::read_to_string(path).unwrap();
    Document::new(serde_json::from_str(&text).unwrap())
});

/// Fails unless `reply`, to `method` of `path`, is what the document says.
pub(crate) fn check(method: &str, path: &str, reply: &Reply) {
    let headers: Vec<_> = reply
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()))
        .collect();
    let answer = Answer {
        method,
        path,
        status: reply.status,
        headers: &headers,
        body: &reply.body,
    };
    if let Err(difference) = DOCUMENT.check(PREFIX, answer) {
        panic!("docs/openapi.json says otherwise: {difference}\n{reply}");
    }
}
