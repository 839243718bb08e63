//! `POST /v3/oauth/token/generate`: an access token for a key and a secret, the API's own way.

use accolade_application::access::{Credentials, Secret};
use accolade_wire::json::{self, Parsed};
use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::Auth;
use crate::failure::Failure;
use crate::middleware::body::{self, Room};
use crate::operation::{Bare, Operation, example, post};

/// The most bytes that a request for a token has.
pub(super) const ROOM: Room<'static> = Room {
    most: 16 * 1024,
    budget: None,
};

/// A client's key and secret.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read field by field")]
pub(crate) struct TokenRequest {
    /// The client's key.
    #[schema(example = "demo")]
    key: String,
    /// Its secret.
    #[schema(example = "demo-secret")]
    secret: String,
}

/// An access token, in an envelope of its own.
#[derive(Serialize, ToSchema)]
pub(crate) struct GeneratedToken {
    data: GeneratedTokenData,
    /// Always null.
    #[schema(value_type = Option<Object>)]
    errors: (),
}

/// An access token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GeneratedTokenData {
    /// To be sent as `X-CAP-API-OAUTH-TOKEN`, or as `Authorization: Bearer`.
    access_token: String,
    /// For how many seconds it is good.
    #[schema(example = 300)]
    ttl_seconds: i64,
}

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        post("/v3/oauth/token/generate", generate_token)
            .named("generateToken", "Access", "Get an access token")
            .gives_tokens()
            .json_body::<TokenRequest>(example!("token.request"))
            .answers::<Bare<GeneratedToken>>("A token.", example!("token"))
            .codes(&[400, 1930, 1932, 1942, 1943, 1945, 1951, 999_999]),
    ]
}

async fn generate_token(
    request: HttpRequest,
    payload: web::Payload,
    auth: web::Data<Auth>,
) -> Result<HttpResponse, Failure> {
    let body = body::json(&request, payload, ROOM).await?;
    let credentials = credentials(&body)?;
    let origin = auth.origin(&request);
    let admitted = auth.authenticate(&[credentials], origin).await?;
    let token = auth.token(&admitted, None)?;
    let answer = GeneratedToken {
        data: GeneratedTokenData {
            access_token: token.text,
            ttl_seconds: token.ttl_seconds,
        },
        errors: (),
    };
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type(ContentType::json())
        .body(serde_json::to_vec(&answer)?))
}

fn credentials(body: &[u8]) -> Result<Credentials, Failure> {
    let Parsed { value, .. } = json::read(body, |fields| {
        let key = fields.field("key").required().text::<String>();
        let secret = fields.field("secret").required().text::<String>();
        Some(Credentials {
            key: key?,
            secret: Secret::presented(secret?),
        })
    })?;
    Ok(value)
}
