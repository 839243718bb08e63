//! From the declarations of operations to the framework's resources: which handler answers which
//! method at which path.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;

use accolade_domain::rejection::{Code, Rejection};
use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource};

use crate::failure::Failure;
use crate::operation::{MethodRules, Operation};

/// Has `config` serve `operations`.
pub(crate) fn serve(config: &mut ServiceConfig, operations: Vec<Operation>) {
    config.app_data(KnownPaths::of(&operations));
    let mut paths: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
    for operation in operations {
        let path = operation.full_path();
        paths.entry(path).or_default().push(operation);
    }
    // The first path that fits is taken. In the order of their texts those with a word in a place
    // come before the one with a parameter there: `{` is greater than every letter.
    for (path, operations) in paths {
        config.service(resource(path, operations));
    }
}

/// The resource at `path`, which takes only the methods of `operations`. If it has several paths,
/// the log and the metrics call it by the first.
fn resource(path: String, operations: Vec<Operation>) -> Resource {
    let mut paths = vec![path];
    let mut methods = BTreeSet::new();
    let mut rules = MethodRules::default();
    let mut routes = Vec::new();
    for operation in operations {
        paths.extend(operation.full_alias());
        methods.insert(operation.method.to_string());
        if operation.method == Method::GET {
            methods.insert(Method::HEAD.to_string());
        }
        if let Some(asked) = operation.rules {
            rules.0.push((operation.method, asked));
        }
        routes.push(operation.route);
    }
    let allowed = methods.into_iter().collect::<Vec<_>>().join(", ");
    let refuse = move || {
        ready(Err::<HttpResponse, _>(Failure::method_not_allowed(
            &allowed,
        )))
    };
    let mut resource = web::resource(paths).app_data(rules);
    for route in routes {
        resource = resource.route(route);
    }
    resource.default_service(web::to(refuse))
}

/// A longer path is close to none.
const LONGEST_CLOSE: usize = 512;

/// The paths that there are, to help whoever misses one by little.
pub(crate) struct KnownPaths(Vec<String>);

impl KnownPaths {
    fn of(operations: &[Operation]) -> Self {
        let paths = operations.iter().flat_map(|operation| {
            let alias = operation.full_alias();
            std::iter::once(operation.full_path()).chain(alias)
        });
        Self(paths.collect())
    }

    /// The path that `asked` would be without a slash at its end and with other capitals. Parameters
    /// stand there by their names: what was sent for them is not repeated.
    fn close_to(&self, asked: &str) -> Option<&str> {
        let asked = asked.trim_end_matches('/');
        if asked.len() > LONGEST_CLOSE {
            return None;
        }
        let is_close = |path: &&String| {
            let (words, asked) = (path.split('/'), asked.split('/'));
            words.clone().count() == asked.clone().count()
                && words.zip(asked).all(|(word, asked)| {
                    let is_parameter = word.starts_with('{') && !asked.is_empty();
                    is_parameter || word.eq_ignore_ascii_case(asked)
                })
        };
        self.0.iter().find(is_close).map(String::as_str)
    }
}

/// Whatever else is asked for.
pub(crate) async fn path_not_found(request: HttpRequest) -> Result<HttpResponse, Failure> {
    let known = request.app_data::<KnownPaths>();
    let close = known.and_then(|known| known.close_to(request.path()));
    Err(match close {
        Some(path) => {
            let message = format!("{} Did you mean {path}?", Code::PathNotFound.message());
            Rejection::new(Code::PathNotFound)
                .with_message(message)
                .into()
        }
        None => Failure::new(Code::PathNotFound),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_missed_by_a_slash_or_by_capitals_is_found() {
        let paths = [
            "/v1/badge",
            "/v1/badge/{id}",
            "/v1/badge/{id}/claim",
            "/docs",
        ];
        let known = KnownPaths(paths.map(str::to_owned).to_vec());
        for (asked, close) in [
            ("/v1/badge/", Some("/v1/badge")),
            ("/v1/Badge", Some("/v1/badge")),
            ("/v1/badge/secret/", Some("/v1/badge/{id}")),
            ("/v1/badge/secret/CLAIM//", Some("/v1/badge/{id}/claim")),
            ("/v1/badge//claim", None),
            ("/v1/badges", None),
            (&*format!("/v1/badge/{}", "x".repeat(LONGEST_CLOSE)), None),
            ("/", None),
        ] {
            assert_eq!(known.close_to(asked), close, "{asked}");
        }
    }
}
