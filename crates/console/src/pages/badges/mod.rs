//! Badges: found, looked at, defined, turned on and off, claimed.

mod activity;
mod calendar;
mod claims;
mod describe;
mod editor;
mod list;
mod show;

use accolade_domain::operator::Permission;

use crate::router::{Page, get, post};

pub(super) fn pages() -> Vec<Page> {
    let (look, define) = (Permission::Look, Permission::Define);
    vec![
        get("/console/badges", look, list::list_badges),
        get("/console/badges/new", define, editor::begin_new),
        post("/console/badges/new", define, editor::create),
        get("/console/badges/{badge}", look, show::show_badge),
        get("/console/badges/{badge}/edit", define, editor::begin),
        post("/console/badges/{badge}/edit", define, editor::update),
        get(
            "/console/badges/{badge}/activate",
            define,
            activity::ask_to_activate,
        ),
        post(
            "/console/badges/{badge}/activate",
            define,
            activity::activate,
        ),
        get(
            "/console/badges/{badge}/deactivate",
            define,
            activity::ask_to_deactivate,
        ),
        post(
            "/console/badges/{badge}/deactivate",
            define,
            activity::deactivate,
        ),
        get(
            "/console/badges/{badge}/claim",
            define,
            claims::ask_to_claim,
        ),
        post("/console/badges/{badge}/claim", define, claims::claim),
        post("/console/badges/{badge}/unclaim", define, claims::unclaim),
    ]
}
