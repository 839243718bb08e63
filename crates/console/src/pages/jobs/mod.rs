//! Jobs: a file is dropped, tried, carried out; how far it has come, and which rows were refused.

mod change;
mod list;
mod new;
mod results;
mod show;

use accolade_domain::operator::Permission;

use crate::router::{Page, get, post};

pub(super) fn pages() -> Vec<Page> {
    let (look, run) = (Permission::Look, Permission::RunJobs);
    vec![
        get("/console/jobs", look, list::list_jobs),
        get("/console/jobs/new", run, new::begin),
        post("/console/jobs/new", run, new::create),
        get("/console/jobs/{job}", look, show::show_job),
        get("/console/jobs/{job}/results", look, results::download),
        post("/console/jobs/{job}/carry-out", run, new::carry_out_tried),
        get("/console/jobs/{job}/cancel", run, change::ask_to_cancel),
        post("/console/jobs/{job}/cancel", run, change::cancel),
        get("/console/jobs/{job}/delete", run, change::ask_to_delete),
        post("/console/jobs/{job}/delete", run, change::delete),
    ]
}
