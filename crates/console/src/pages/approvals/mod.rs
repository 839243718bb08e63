//! Approvals: what waits for votes, what it would do, and the rules that say what waits.

mod list;
mod rules;
mod show;
mod vote;

use accolade_domain::operator::Permission;

use crate::router::{Page, get, post};

pub(super) fn pages() -> Vec<Page> {
    let look = Permission::Look;
    vec![
        get("/console/approvals", look, list::list_changes),
        get(
            "/console/approvals/rules",
            Permission::Rules,
            rules::show_rules,
        ),
        post(
            "/console/approvals/rules",
            Permission::Rules,
            rules::put_rules,
        ),
        get("/console/approvals/{change}", look, show::show_change),
        post(
            "/console/approvals/{change}/approve",
            Permission::Vote,
            vote::approve,
        ),
        post(
            "/console/approvals/{change}/reject",
            Permission::Vote,
            vote::reject,
        ),
        post("/console/approvals/{change}/withdraw", look, vote::withdraw),
    ]
}
