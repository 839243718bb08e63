//! The OpenAPI document, and a page to browse it that needs no other host.

use std::sync::{Arc, LazyLock};

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentType, LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa_swagger_ui::Config;

use crate::failure::Failure;
use crate::openapi::{asyncapi_json, codes, openapi_json};
use crate::operation::{Operation, get};
use crate::router::path_not_found;

/// What the page may load: only what this server sends.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
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

async fn document() -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(DOCUMENT.as_str())
}

/// Every type of event.
async fn events() -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(EVENTS.as_str())
}

/// To the page, whose files are relative to it.
async fn redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((LOCATION, "docs/"))
        .finish()
}

/// The page and its files.
async fn page(request: HttpRequest, file: web::Path<String>) -> Result<HttpResponse, Failure> {
    let Ok(Some(mut file)) = utoipa_swagger_ui::serve(&file, Arc::clone(&PAGE)) else {
        return path_not_found(request).await;
    };
    if file.content_type == "text/html"
        && let Ok(page) = std::str::from_utf8(&file.bytes)
    {
        let page = page.replace(OPERATIONS, &OPERATIONS_AND_CODES);
        file.bytes = page.into_bytes().into();
    }
    Ok(HttpResponse::Ok()
        .content_type(file.content_type)
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(file.bytes.into_owned()))
}
