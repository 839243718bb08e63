//! What is around badges: the groups that they are listed in, and the fields that an org adds to them.

mod field;
mod group;
mod list;

use accolade_domain::operator::Permission;

use crate::router::{Page, get, post};

pub(super) fn pages() -> Vec<Page> {
    let (look, define) = (Permission::Look, Permission::Define);
    vec![
        get("/console/catalogue", look, list::list_catalogue),
        get("/console/catalogue/groups/new", define, group::begin_new),
        post("/console/catalogue/groups/new", define, group::create),
        get("/console/catalogue/groups/{group}", define, group::begin),
        post("/console/catalogue/groups/{group}", define, group::update),
        get(
            "/console/catalogue/groups/{group}/remove",
            define,
            group::ask_to_remove,
        ),
        post(
            "/console/catalogue/groups/{group}/remove",
            define,
            group::remove,
        ),
        get("/console/catalogue/fields/new", define, field::begin_new),
        post("/console/catalogue/fields/new", define, field::create),
        get("/console/catalogue/fields/{field}", define, field::begin),
        post("/console/catalogue/fields/{field}", define, field::update),
        get(
            "/console/catalogue/fields/{field}/disable",
            define,
            field::ask_to_disable,
        ),
        post(
            "/console/catalogue/fields/{field}/disable",
            define,
            field::disable,
        ),
    ]
}
