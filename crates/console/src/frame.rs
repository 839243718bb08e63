//! What stands around every page: who is signed in, where one can go, what went wrong or well.

use accolade_application::error::UseCaseError;
use accolade_application::operators::Session;
use accolade_application::ports::StoreError;
use accolade_domain::operator::Permission;
use accolade_domain::rejection::{Code, Rejection};
use accolade_http::pages::Failure;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use askama::Template;

use crate::texts as t;

/// Where one can go: the place, what it is called, and who may.
const PLACES: &[(&str, &str, Permission)] = &[
    ("/console/customers", t::CUSTOMERS, Permission::Look),
    ("/console/badges", t::BADGES, Permission::Look),
    ("/console/jobs", t::JOBS, Permission::Look),
    ("/console/approvals", t::APPROVALS, Permission::Look),
    ("/console/webhooks", t::WEBHOOKS, Permission::Webhooks),
    ("/console/audit", t::AUDIT, Permission::Audit),
    ("/console/access", t::ACCESS, Permission::Operators),
];

/// What stands around a page.
pub(crate) struct Frame {
    /// What the page is called.
    pub(crate) title: String,
    /// Who is signed in, if somebody is.
    pub(crate) visitor: Option<Visitor>,
    /// What is said of what was done.
    pub(crate) notice: Option<String>,
    /// What is to be mended, at the top of the page.
    pub(crate) problems: Vec<Problem>,
    /// What was searched for.
    pub(crate) searched: String,
    /// Whether the page says again after some seconds how far something has come.
    pub(crate) refreshes: bool,
}

/// Who is signed in.
pub(crate) struct Visitor {
    pub(crate) name: String,
    pub(crate) roles: String,
    pub(crate) org: String,
    pub(crate) zone: String,
    pub(crate) places: Vec<Place>,
}

/// Where one can go.
pub(crate) struct Place {
    pub(crate) href: &'static str,
    pub(crate) text: &'static str,
    pub(crate) is_here: bool,
}

/// Something that is to be mended, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) text: String,
    /// The id of the field, if it is one's.
    pub(crate) at: Option<String>,
}

impl Problem {
    /// One of the page as a whole.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            at: None,
        }
    }

    /// One of the field `name`.
    pub(crate) fn at(name: &str, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            at: Some(name.to_owned()),
        }
    }
}

impl From<&Rejection> for Problem {
    fn from(rejection: &Rejection) -> Self {
        let text = t::coded(&rejection.message, rejection.code.number());
        Self {
            text: match &rejection.field {
                // What cannot be read is said of the field, and names it nowhere.
                Some(path) if rejection.code == Code::Unreadable => t::of_field(path, &text),
                _ => text,
            },
            at: rejection.field.clone(),
        }
    }
}

impl Frame {
    /// The frame of a page with this title, which `session` asked for at `path`.
    pub(crate) fn of(title: impl Into<String>, session: &Session, path: &str) -> Self {
        let places = PLACES.iter().filter(|it| session.may(it.2));
        let places = places.map(|(href, text, _)| Place {
            href,
            text,
            is_here: path.starts_with(href),
        });
        Self {
            visitor: Some(Visitor {
                name: session.operator.name.to_string(),
                roles: session.operator.roles.to_string(),
                org: session.org.name.to_string(),
                zone: session.org.zone.name().to_owned(),
                places: places.collect(),
            }),
            ..Self::of_nobody(title)
        }
    }

    /// The frame of a page that nobody need be signed in for.
    pub(crate) fn of_nobody(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            visitor: None,
            notice: None,
            problems: Vec::new(),
            searched: String::new(),
            refreshes: false,
        }
    }

    /// The same, with what `done` stands for: a page that something was done from leads here with it.
    pub(crate) fn telling(mut self, done: &str) -> Self {
        self.notice = t::done(done).map(str::to_owned);
        self
    }

    /// The same with what is to be mended, at those of `fields` that it is of: a page has no others.
    pub(crate) fn with_problems_of(self, problems: Vec<Problem>, fields: &[&str]) -> Self {
        let at_fields = problems.into_iter().map(|problem| Problem {
            at: problem.at.filter(|at| fields.contains(&at.as_str())),
            ..problem
        });
        self.with_problems(at_fields.collect())
    }

    /// The same with what is to be mended, each at a field that the page has, if at any.
    pub(crate) fn with_problems(mut self, problems: Vec<Problem>) -> Self {
        self.problems = problems;
        self
    }
}

/// What is to be mended of what `failure` refused.
pub(crate) fn problems_of(failure: &Failure) -> Vec<Problem> {
    failure.problems(None).iter().map(Problem::from).collect()
}

/// The answer that shows `page`.
///
/// # Errors
/// The template cannot be filled, which should not happen.
pub(crate) fn show(page: &impl Template) -> Result<HttpResponse, Failure> {
    show_with(StatusCode::OK, page)
}

/// The same with another status.
///
/// # Errors
/// Those of [`show`].
pub(crate) fn show_with(status: StatusCode, page: &impl Template) -> Result<HttpResponse, Failure> {
    let body = page.render().map_err(|error| {
        let error = StoreError::Unexpected(anyhow::Error::new(error));
        UseCaseError::Store(error)
    })?;
    Ok(HttpResponse::build(status)
        .content_type(ContentType::html())
        .body(body))
}
