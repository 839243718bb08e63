//! Who may come in: operators of the console, and clients of the API.

mod list;
mod operator;

use accolade_domain::operator::Permission;

use crate::router::{Page, get, post};

pub(super) fn pages() -> Vec<Page> {
    let needs = Permission::Operators;
    vec![
        get("/console/access", needs, list::list_access),
        get("/console/access/operators/new", needs, operator::begin_new),
        post("/console/access/operators/new", needs, operator::create),
        get(
            "/console/access/operators/{operator}",
            needs,
            operator::show_operator,
        ),
        post(
            "/console/access/operators/{operator}/roles",
            needs,
            operator::set_roles,
        ),
        post(
            "/console/access/operators/{operator}/password",
            needs,
            operator::set_password,
        ),
        get(
            "/console/access/operators/{operator}/disable",
            needs,
            operator::ask_to_disable,
        ),
        post(
            "/console/access/operators/{operator}/disable",
            needs,
            operator::disable,
        ),
    ]
}
