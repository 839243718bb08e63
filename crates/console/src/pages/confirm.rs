//! The page that asks once more before something is done.

use actix_web::http::StatusCode;
use askama::Template;

use crate::act::KEY;
use crate::form::Form;
use crate::frame::{Frame, Problem, show_with};
use crate::router::Answered;
use crate::texts as t;
use crate::visit::Visit;

/// What is to be done.
pub(super) struct Confirmation {
    /// What it is called: the title of the page and of its button.
    pub(super) title: &'static str,
    /// What it is done to.
    pub(super) about: String,
    /// What comes of it.
    pub(super) text: &'static str,
    /// The page that it began from.
    pub(super) back: String,
    /// Whether it cannot simply be undone.
    pub(super) is_dangerous: bool,
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    frame: Frame,
    confirmation: Confirmation,
    action: String,
    key: String,
}

/// The page that asks for `confirmation`, by a form that is sent to its own path.
pub(super) fn confirm(
    visit: &Visit,
    confirmation: Confirmation,
    form: &Form,
    problems: Vec<Problem>,
    status: StatusCode,
) -> Answered {
    let page = ConfirmPage {
        frame: visit
            .frame(confirmation.title)
            .with_problems_of(problems, &[]),
        action: visit.http.path().to_owned(),
        key: form.typed(KEY).to_owned(),
        confirmation,
    };
    show_with(status, &page)
}
