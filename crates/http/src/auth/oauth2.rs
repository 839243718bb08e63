//! `POST /oauth2/token`: the client credentials grant of OAuth 2.0 (RFC 6749, section 4.4), with
//! the shapes of that standard instead of the API's.

use std::collections::HashMap;

use accolade_application::access::{AccessGroup, AccessGroups, Credentials, Secret};
use accolade_application::ports::Client;
use accolade_domain::audit::RequestTag;
use accolade_domain::rejection::Code;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, ContentType, HeaderName, HeaderValue, PRAGMA,
};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, web};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use utoipa::ToSchema;

use super::generate::ROOM;
use super::{Auth, tokens};
use crate::failure::Failure;
use crate::middleware::body;
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
    /// The access groups that the token is narrowed to, between blanks; all of the client's if absent.
    #[schema(example = "badges:read")]
    scope: Option<String>,
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
    /// What the token is narrowed to, if a scope was asked for.
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
            Code::Unauthenticated | Code::TooManyRequests => "invalid_client",
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
in the form. A `scope` narrows the token to some of the client's access groups.",
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
    let body = body::bytes(request, payload, ROOM).await.map_err(refused)?;
    let mut form = form(&body)?;
    match form.remove("grant_type").as_deref() {
        Some("client_credentials") => {}
        Some(_) => {
            let description = "Send grant_type=client_credentials.";
            return Err(Refusal::bad("unsupported_grant_type", description));
        }
        None => return Err(Refusal::invalid_request("grant_type is required.")),
    }
    let spellings = credentials(request, &mut form)?;
    let origin = auth.origin(request);
    let admitted = auth.authenticate(&spellings, origin).await;
    let admitted = admitted.map_err(refused)?;
    let scope = form.remove("scope");
    let scope = scope.map(|text| scope_of(&admitted.client, &text));
    let scope = scope.transpose()?;
    let token = auth.token(&admitted, scope).map_err(refused)?;
    Ok(Grant {
        access_token: token.text,
        token_type: "Bearer",
        expires_in: token.ttl_seconds,
        scope: scope.map(tokens::scope_text),
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

/// The access groups that `text` names, all of which `client` has.
fn scope_of(client: &Client, text: &str) -> Result<AccessGroups, Refusal> {
    let permitted = |name: &str| {
        let group: AccessGroup = name.parse().ok()?;
        client.groups.permit(group.into()).then_some(group)
    };
    let scope: Option<AccessGroups> = text.split(' ').map(permitted).collect();
    scope.ok_or_else(|| {
        let groups = tokens::scope_text(client.groups);
        let description = format!("Ask for some of the client's access groups: {groups}.");
        Refusal::bad("invalid_scope", &description)
    })
}

/// The client's key and secret. Basic ones are form-encoded, says the standard; most clients send
/// them as they are. Where that differs, both spellings are tried.
fn credentials(
    request: &HttpRequest,
    form: &mut HashMap<String, String>,
) -> Result<Vec<Credentials>, Refusal> {
    let missing = || Refusal::from_failure(&Failure::new(Code::Unauthenticated), request);
    let (id, secret) = (form.remove("client_id"), form.remove("client_secret"));
    if request.headers().contains_key(AUTHORIZATION) {
        let basic = super::basic(request.headers()).ok_or_else(missing)?;
        let same =
            |id: &String| *id == basic.key || form_decoded(&basic).is_some_and(|it| it.key == *id);
        if secret.is_some() || !id.as_ref().is_none_or(same) {
            let description = "Authenticate either with Basic credentials or in the form.";
            return Err(Refusal::invalid_request(description));
        }
        let decoded = form_decoded(&basic);
        return Ok([basic].into_iter().chain(decoded).collect());
    }
    Ok(vec![Credentials {
        key: id.ok_or_else(missing)?,
        secret: Secret::presented(secret.ok_or_else(missing)?),
    }])
}

/// What `sent` says as form-encoded text, if that is something else.
fn form_decoded(sent: &Credentials) -> Option<Credentials> {
    let secret = sent.secret.reveal();
    if ![&*sent.key, secret]
        .iter()
        .any(|text| text.contains(['%', '+']))
    {
        return None;
    }
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        let text = percent_decode_str(&text).decode_utf8().ok()?;
        Some(text.into_owned())
    };
    Some(Credentials {
        key: decoded(&sent.key)?,
        secret: Secret::presented(decoded(secret)?),
    })
}

fn respond(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((PRAGMA, "no-cache"))
        .insert_header(ContentType::json())
        .json(body)
}
