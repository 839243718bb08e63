//! `POST /v3/oauth/token/generate`: an access token for a key and a secret, the API's own way.

use accolade_application::access::{Credentials, Secret};
use accolade_wire::json::{self, Parsed};
use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Auth, Origin};
use crate::failure::Failure;
use crate::middleware::body;

/// The most bytes that a request for a token has.
pub(super) const BODY_LIMIT: usize = 16 * 1024;

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

/// Get an access token
#[utoipa::path(
    post,
    path = "/v3/oauth/token/generate",
    operation_id = "generateToken",
    tag = "Access",
    security(()),
    request_body(content = TokenRequest, example = json!({"key": "demo", "secret": "demo-secret"})),
    responses((
        status = 200,
        description = "A token.",
        body = GeneratedToken,
        example = json!({"data": {"accessToken": "eyJhbGciOi…", "ttlSeconds": 300}, "errors": null}),
    )),
)]
pub(crate) async fn generate_token(
    request: HttpRequest,
    payload: web::Payload,
    auth: web::Data<Auth>,
) -> Result<HttpResponse, Failure> {
    let body = body::json(&request, payload, BODY_LIMIT).await?;
    let credentials = credentials(&body)?;
    let (token, _) = auth.token(&credentials, Origin::of(&request)).await?;
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
