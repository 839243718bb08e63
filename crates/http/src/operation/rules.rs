//! What an operation asks of a call, as the call itself finds it.

use accolade_application::access::AccessGroups;
use actix_web::HttpRequest;
use actix_web::http::Method;

/// Which interface an operation belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interface {
    /// The API.
    Api,
    /// The request workflow of the API family.
    Workflow,
}

impl Interface {
    /// What its paths begin with.
    pub(crate) const fn prefix(self) -> &'static str {
        match self {
            Self::Api => "/api_gateway/v1/badges",
            Self::Workflow => "/api_gateway/v2/request-workflow",
        }
    }
}

/// What a call must respect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Any one of which the caller must have.
    pub(crate) groups: AccessGroups,
    /// Whether the body is JSON; else nobody reads it.
    pub(crate) json: bool,
    /// Whether it can be tried without recording anything.
    pub(crate) dry_run: bool,
    /// Whether it is executed once under an idempotency key.
    pub(crate) takes_key: bool,
    /// Which interface it belongs to.
    pub(crate) interface: Interface,
}

/// The rules of a path's operations, by their methods.
#[derive(Debug, Clone, Default)]
pub(crate) struct MethodRules(pub(crate) Vec<(Method, Rules)>);

impl MethodRules {
    /// The rules of the operation that `request` asks for.
    pub(crate) fn for_request(request: &HttpRequest) -> Option<Rules> {
        let Self(rules) = request.app_data()?;
        let method = match request.method() {
            &Method::HEAD => &Method::GET,
            method => method,
        };
        let found = rules.iter().find(|(known, _)| known == method);
        found.map(|(_, rules)| *rules)
    }
}
