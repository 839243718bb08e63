//! How callers authenticate, in the OpenAPI document.

use accolade_application::access::AccessGroup;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes,
    SecurityRequirement, SecurityScheme,
};

use crate::operation::Operation;

/// Each is enough.
const SCHEMES: [&str; 4] = ["basic", "bearer", "accessToken", "oauth2"];

/// Adds the ways to authenticate.
pub(super) fn add_schemes(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("basic", http(HttpAuthScheme::Basic, "Key and secret."));
    components.add_security_scheme("bearer", http(HttpAuthScheme::Bearer, "An access token."));
    components.add_security_scheme(
        "accessToken",
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
            "X-CAP-API-OAUTH-TOKEN",
            "An access token.",
        ))),
    );
    let scopes = AccessGroup::ALL
        .iter()
        .map(|group| (group.name(), about(*group)));
    let flow = ClientCredentials::new("/oauth2/token", scopes.collect::<Scopes>());
    components.add_security_scheme(
        "oauth2",
        SecurityScheme::OAuth2(OAuth2::new([Flow::ClientCredentials(flow)])),
    );
}

/// What `declared` requires: any of the ways, and any one of the access groups of its rules, which
/// is what a scope is here. Nobody has a token yet who asks for one.
pub(super) fn required(declared: &Operation) -> Option<Vec<SecurityRequirement>> {
    match declared.rules {
        Some(rules) => {
            let ways = |group: AccessGroup| {
                SCHEMES.map(|scheme| SecurityRequirement::new(scheme, [group.name()]))
            };
            Some(rules.groups.iter().flat_map(ways).collect())
        }
        None if declared.gives_tokens => Some(vec![SecurityRequirement::default()]),
        None => None,
    }
}

/// What a scope permits.
fn about(group: AccessGroup) -> &'static str {
    match group {
        AccessGroup::BadgesRead => "Read badges, requests and what customers hold.",
        AccessGroup::BadgesWrite => {
            "Define badges, groups, custom fields and the directory of customers."
        }
        AccessGroup::BadgesIssue => "Enrol, earn, revoke and import.",
        AccessGroup::BadgesApprove => "Vote on what waits for approval.",
        AccessGroup::Admin => "Everything.",
    }
}

fn http(scheme: HttpAuthScheme, description: &str) -> SecurityScheme {
    let http = HttpBuilder::new()
        .scheme(scheme)
        .description(Some(description));
    SecurityScheme::Http(http.build())
}
