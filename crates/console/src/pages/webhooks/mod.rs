//! Webhooks: what they get, how it goes, and what they missed sent again.

mod change;
mod edit;
mod list;
mod show;

use accolade_domain::operator::Permission;

use crate::router::{Page, get, post};

pub(super) fn pages() -> Vec<Page> {
    let needs = Permission::Webhooks;
    vec![
        get("/console/webhooks", needs, list::list_webhooks),
        get("/console/webhooks/new", needs, edit::begin_new),
        post("/console/webhooks/new", needs, edit::create),
        get("/console/webhooks/{webhook}", needs, show::show_webhook),
        get("/console/webhooks/{webhook}/edit", needs, edit::begin),
        post("/console/webhooks/{webhook}/edit", needs, edit::update),
        post("/console/webhooks/{webhook}/pause", needs, change::pause),
        post("/console/webhooks/{webhook}/enable", needs, change::enable),
        post("/console/webhooks/{webhook}/test", needs, change::test),
        post("/console/webhooks/{webhook}/resend", needs, change::resend),
        get(
            "/console/webhooks/{webhook}/rotate",
            needs,
            change::ask_to_rotate,
        ),
        post("/console/webhooks/{webhook}/rotate", needs, change::rotate),
        get(
            "/console/webhooks/{webhook}/delete",
            needs,
            change::ask_to_delete,
        ),
        post("/console/webhooks/{webhook}/delete", needs, change::delete),
    ]
}
