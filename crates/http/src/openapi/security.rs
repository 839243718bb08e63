//! How callers authenticate, in the OpenAPI document.

use accolade_application::access::AccessGroup;
use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes,
    SecurityRequirement, SecurityScheme,
};

use super::operations;
use crate::routes::PREFIX;

/// Adds the ways to authenticate to the document, and to every operation of the API.
pub(super) struct Security;

/// Each is enough.
const SCHEMES: [&str; 4] = ["basic", "bearer", "accessToken", "oauth2"];

impl Modify for Security {
    fn modify(&self, document: &mut OpenApi) {
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
        let flow = ClientCredentials::new("/oauth2/token", Scopes::new());
        components.add_security_scheme(
            "oauth2",
            SecurityScheme::OAuth2(OAuth2::new([Flow::ClientCredentials(flow)])),
        );
        for (path, item) in &mut document.paths.paths {
            if path.starts_with(PREFIX) {
                for operation in operations(item) {
                    let group = group(operation.operation_id.as_deref().unwrap_or_default());
                    let needed = SCHEMES.map(|scheme| requirement(scheme, group));
                    operation.security = Some(needed.to_vec());
                }
            }
        }
    }
}

fn http(scheme: HttpAuthScheme, description: &str) -> SecurityScheme {
    let http = HttpBuilder::new()
        .scheme(scheme)
        .description(Some(description));
    SecurityScheme::Http(http.build())
}

fn requirement(scheme: &str, group: AccessGroup) -> SecurityRequirement {
    SecurityRequirement::new(scheme, [group.name()])
}

/// The access group that an operation needs, which is what a scope is here.
fn group(operation_id: &str) -> AccessGroup {
    match operation_id {
        "enrolCustomers"
        | "revokeEnrolments"
        | "earnBadge"
        | "earnBadgeBulk"
        | "revokeEarn"
        | "importCustomerBadges"
        | "postCustomerBadges" => AccessGroup::BadgesIssue,
        "getBadge"
        | "listBadges"
        | "getRequests"
        | "getFixedWindowDetails"
        | "listCustomerBadges"
        | "listManagedBadges"
        | "getCustomerBadge" => AccessGroup::BadgesRead,
        _ => AccessGroup::BadgesWrite,
    }
}
