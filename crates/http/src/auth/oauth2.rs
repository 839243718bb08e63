//! `POST /oauth2/token`: the client credentials grant of OAuth 2.0 (RFC 6749, section 4.4), with
//! the shapes of that standard instead of the API's.

use std::collections::HashMap;

use accolade_application::access::{AccessGroup, Credentials, Secret};
use accolade_domain::rejection::Code;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, ContentType, HeaderName, HeaderValue, PRAGMA,
};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::generate::BODY_LIMIT;
use super::{Auth, Origin, presented};
use crate::failure::Failure;
use crate::middleware::body;
use crate::middleware::request_tag::RequestTag;
use crate::operation::{Bare, Operation, example, post};

/// What asks for a token; key and secret may be sent as Basic credentials instead.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read from a form")]
pub(crate) struct GrantRequest {
    /// `client_credentials`.
    #[schema(example = "client_credentials")]
    grant_type: String,
    /// The client's key.
    #[schema(example = "demo")]
    client_id: Option<String>,
    /// Its secret.
    #[schema(example = "demo-secret")]
    client_secret: Option<String>,
}

/// An access token.
#[derive(Serialize, ToSchema)]
pub(crate) struct Grant {
    /// To be sent as `Authorization: Bearer`.
    access_token: String,
    /// `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// For how many seconds it is good.
    #[schema(example = 300)]
    expires_in: i64,
    /// The client's access groups, if a scope was asked for: a token is never limited to
    /// some of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    scope: Option<String>,
}

/// Why there is no token.
#[derive(Serialize, ToSchema)]
pub(crate) struct GrantError {
    /// A word of the standard.
    #[schema(example = "invalid_client")]
    error: &'static str,
    /// What is wrong and what to do.
    error_description: String,
}

/// What is refused, as the standard says it.
struct Refusal {
    status: StatusCode,
    body: GrantError,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Refusal {
    fn invalid_request(description: &str) -> Self {
        Self::bad("invalid_request", description)
    }

    fn bad(error: &'static str, description: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            body: GrantError {
                error,
                error_description: description.to_owned(),
            },
            headers: Vec::new(),
        }
    }

    /// `failure` in the words of the standard. It does not reach the edge as a failure, so
    /// it is logged here.
    fn from_failure(failure: &Failure, request: &HttpRequest) -> Self {
        failure.log();
        let error = match failure.code() {
            Code::Unauthenticated | Code::TooManyFailures => "invalid_client",
            Code::Unavailable => "temporarily_unavailable",
            Code::Internal => "server_error",
            _ => "invalid_request",
        };
        let tag = request.extensions().get::<RequestTag>().cloned();
        Self {
            status: failure.status(),
            body: GrantError {
                error,
                error_description: failure.message(tag.as_ref()),
            },
            headers: failure.headers().to_vec(),
        }
    }
}

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        post("/oauth2/token", oauth2_token)
            .named(
                "oauth2Token",
                "Access",
                "Get an access token, the OAuth 2.0 way",
            )
            .about(
                "\
The client credentials grant of RFC 6749. The client authenticates with Basic credentials or
in the form.",
            )
            .gives_tokens()
            .form_body::<GrantRequest>()
            .answers::<Bare<Grant>>("A token.", example!("grant"))
            .answers_with::<Bare<GrantError>>(
                400,
                "The request is wrong.",
                example!("grant-refused-400"),
            )
            .answers_with::<Bare<GrantError>>(
                401,
                "The credentials are wrong.",
                example!("grant-refused-401"),
            )
            .answers_with::<Bare<GrantError>>(
                429,
                "They have been wrong too often.",
                example!("grant-refused-429"),
            )
            .answers_with::<Bare<GrantError>>(
                503,
                "The service is busy or its database is away.",
                example!("grant-refused-503"),
            ),
    ]
}

async fn oauth2_token(
    request: HttpRequest,
    payload: web::Payload,
    auth: web::Data<Auth>,
) -> HttpResponse {
    match grant(&request, payload, &auth).await {
        Ok(grant) => respond(StatusCode::OK, &grant),
        Err(refusal) => {
            let mut response = respond(refusal.status, &refusal.body);
            for (name, value) in refusal.headers {
                response.headers_mut().insert(name, value);
            }
            response
        }
    }
}

async fn grant(
    request: &HttpRequest,
    payload: web::Payload,
    auth: &Auth,
) -> Result<Grant, Refusal> {
    if request.content_type() != "application/x-www-form-urlencoded" {
        return Err(Refusal::invalid_request(
            "Send the body as application/x-www-form-urlencoded.",
        ));
    }
    let refused = |failure: Failure| Refusal::from_failure(&failure, request);
    let body = body::bytes(request, payload, BODY_LIMIT)
        .await
        .map_err(refused)?;
    let mut form = form(&body)?;
    match form.remove("grant_type").as_deref() {
        Some("client_credentials") => {}
        Some(_) => {
            let description = "Send grant_type=client_credentials.";
            return Err(Refusal::bad("unsupported_grant_type", description));
        }
        None => return Err(Refusal::invalid_request("grant_type is required.")),
    }
    let credentials = credentials(request, &mut form)?;
    let origin = Origin::from_request(request);
    let (token, client) = auth.token(&credentials, origin).await.map_err(refused)?;
    let names: Vec<_> = client.groups.iter().map(AccessGroup::name).collect();
    Ok(Grant {
        access_token: token.text,
        token_type: "Bearer",
        expires_in: token.ttl_seconds,
        scope: form.contains_key("scope").then(|| names.join(" ")),
    })
}

/// The parameters in `body`. An empty one counts as absent, as the standard says.
fn form(body: &[u8]) -> Result<HashMap<String, String>, Refusal> {
    let mut form = HashMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        if value.is_empty() {
            continue;
        }
        if form.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(Refusal::invalid_request("A parameter is given twice."));
        }
    }
    Ok(form)
}

/// The client's key and secret. No key and no secret has a character that form encoding changes,
/// so Basic ones are taken as they are.
fn credentials(
    request: &HttpRequest,
    form: &mut HashMap<String, String>,
) -> Result<Credentials, Refusal> {
    let missing = || Refusal::from_failure(&Failure::new(Code::Unauthenticated), request);
    let (id, secret) = (form.remove("client_id"), form.remove("client_secret"));
    if request.headers().contains_key(AUTHORIZATION) {
        let basic = presented::basic(request.headers()).ok_or_else(missing)?;
        if secret.is_some() || id.is_some_and(|id| id != basic.key) {
            let description = "Authenticate either with Basic credentials or in the form.";
            return Err(Refusal::invalid_request(description));
        }
        return Ok(basic);
    }
    Ok(Credentials {
        key: id.ok_or_else(missing)?,
        secret: Secret::presented(secret.ok_or_else(missing)?),
    })
}

fn respond(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((PRAGMA, "no-cache"))
        .insert_header(ContentType::json())
        .json(body)
}
