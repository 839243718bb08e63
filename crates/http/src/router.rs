//! From the declarations of operations to the framework's resources: which handler answers which
//! method at which path.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;

use accolade_domain::rejection::Code;
use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Resource};

use crate::failure::Failure;
use crate::operation::{MethodRules, Operation};

/// Has `config` serve `operations`.
pub(crate) fn serve(config: &mut ServiceConfig, operations: Vec<Operation>) {
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

/// Whatever else is asked for.
pub(crate) async fn path_not_found() -> Result<HttpResponse, Failure> {
    Err(Failure::new(Code::PathNotFound))
}
