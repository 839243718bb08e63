//! The OpenAPI document, and a page to browse it that needs no other host.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentType, LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use utoipa_swagger_ui::Config;

use crate::failure::Failure;
use crate::openapi::{asyncapi_json, codes, openapi_json};
use crate::operation::{Operation, get};
use crate::pieces;
use crate::router::path_not_found;

/// What the page may load: only what this server sends. What its scripts set of a style, element by
/// element, is theirs to set; a style in the text of the page is not.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data:; font-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static DOCUMENT: LazyLock<String> = LazyLock::new(openapi_json);

static EVENTS: LazyLock<String> = LazyLock::new(asyncapi_json);

/// Where the page shows the operations.
const OPERATIONS: &str = r#"<div id="swagger-ui"></div>"#;

/// The operations, and below them all codes.
static OPERATIONS_AND_CODES: LazyLock<String> = LazyLock::new(|| {
    format!(
        r#"{OPERATIONS}
    <section id="codes" class="swagger-ui"><div class="wrapper">
      <h2>Codes</h2>
      <p>A code with HTTP 200 is a warning, or befalls one customer of a batch.</p>
      {}
    </div></section>"#,
        codes::html_table()
    )
});

static PAGE: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    // Relative, so that it works below a path of a proxy; `none` keeps the page from asking
    // an outside validator.
    Arc::new(
        Config::from("../openapi.json")
            .validator_url("none")
            .deep_linking(true)
            .display_request_duration(true)
            .doc_expansion("list"),
    )
});

/// What is asked about the API. The document does not show it.
pub(crate) fn operations() -> Vec<Operation> {
    vec![
        get("/openapi.json", document),
        get("/asyncapi.json", events),
        get("/docs", redirect),
        get("/docs/{file:.*}", page),
    ]
}

/// What is the same for everybody, in memory once.
struct StaticFile {
    content_type: String,
    bytes: Bytes,
}

/// The files of the page, by their names in the path.
static FILES: LazyLock<HashMap<&'static str, StaticFile>> = LazyLock::new(|| {
    const NAMES: [&str; 9] = [
        "",
        "index.html",
        "index.css",
        "swagger-ui.css",
        "swagger-ui-bundle.js",
        "swagger-ui-standalone-preset.js",
        "swagger-initializer.js",
        "favicon-16x16.png",
        "favicon-32x32.png",
    ];
    let files = NAMES
        .iter()
        .filter_map(|name| Some((*name, static_file(name)?)));
    files.collect()
});

fn static_file(name: &str) -> Option<StaticFile> {
    let file = utoipa_swagger_ui::serve(name, Arc::clone(&PAGE)).ok()??;
    let bytes = match file.bytes {
        bytes if file.content_type == "text/html" => {
            let page = std::str::from_utf8(&bytes).ok()?;
            page.replace(OPERATIONS, &OPERATIONS_AND_CODES).into()
        }
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    Some(StaticFile {
        content_type: file.content_type,
        bytes,
    })
}

/// The document of the API.
async fn document() -> HttpResponse {
    json(DOCUMENT.as_bytes())
}

/// Every type of event.
async fn events() -> HttpResponse {
    json(EVENTS.as_bytes())
}

fn json(text: &'static [u8]) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(pieces::body(Bytes::from_static(text), None))
}

/// To the page, whose files are relative to it.
async fn redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((LOCATION, "docs/"))
        .finish()
}

/// The page and its files.
async fn page(request: HttpRequest, file: web::Path<String>) -> Result<HttpResponse, Failure> {
    let Some(file) = FILES.get(file.as_str()) else {
        return path_not_found(request).await;
    };
    Ok(HttpResponse::Ok()
        .content_type(file.content_type.as_str())
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(pieces::body(file.bytes.clone(), None)))
}
