//! Who may come in: operators of the console, and clients of the API.

mod client;
mod list;
mod operator;

use accolade_domain::operator::Permission;

use crate::router::{Page, get, post};

pub(super) fn pages() -> Vec<Page> {
    let needs = Permission::Operators;
    let clients = Permission::Clients;
    vec![
        get("/console/access", needs, list::list_access),
        get("/console/access/clients/new", clients, client::begin_new),
        post("/console/access/clients/new", clients, client::create),
        get(
            "/console/access/clients/{client}",
            clients,
            client::show_client,
        ),
        post(
            "/console/access/clients/{client}/bounds",
            clients,
            client::bound,
        ),
        get(
            "/console/access/clients/{client}/rotate",
            clients,
            client::ask_to_rotate,
        ),
        post(
            "/console/access/clients/{client}/rotate",
            clients,
            client::rotate,
        ),
        get(
            "/console/access/clients/{client}/finish",
            clients,
            client::ask_to_finish,
        ),
        post(
            "/console/access/clients/{client}/finish",
            clients,
            client::finish,
        ),
        get(
            "/console/access/clients/{client}/revoke",
            clients,
            client::ask_to_revoke,
        ),
        post(
            "/console/access/clients/{client}/revoke",
            clients,
            client::revoke,
        ),
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
        post(
            "/console/access/operators/{operator}/link",
            needs,
            operator::link,
        ),
        post(
            "/console/access/operators/{operator}/unlink",
            needs,
            operator::unlink,
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
