//! How a request becomes a part of what its caller follows across services, and what its own parts are.
//!
//! Spans of the target `traces` are for that alone: the log has none of them, and where nobody collects
//! them none is made.

use std::any::type_name;
use std::fmt;

use actix_web::http::header::HeaderMap;
use tracing::Span;
use tracing::span::EnteredSpan;

/// What a caller says of what it follows: W3C's `traceparent` and `tracestate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallersTrace<'a> {
    /// Which span of the caller's the request is a part of. It may be nonsense.
    pub parent: &'a str,
    /// What others on the way have noted.
    pub state: Option<&'a str>,
}

/// Where spans of requests are collected.
pub trait Traces: fmt::Debug + Send + Sync {
    /// Makes `span`, which has just begun and has no parts yet, a part of what the caller follows.
    fn take_over(&self, span: &Span, callers: CallersTrace<'_>);

    /// Notes on `span` the pattern of the path that was asked for, if there is such a path, and with
    /// which status it was answered.
    fn answered(&self, span: &Span, route: Option<&str>, status: u16);
}

impl<'a> CallersTrace<'a> {
    /// What `headers` say.
    pub(crate) fn of(headers: &'a HeaderMap) -> Option<Self> {
        let text = |name| headers.get(name)?.to_str().ok();
        Some(Self {
            parent: text("traceparent")?,
            state: text("tracestate"),
        })
    }
}

/// Begins the span of a use case, on the thread that executes it.
pub(crate) fn use_case(what: fn() -> &'static str) -> EnteredSpan {
    tracing::info_span!(target: "traces", "use case", what = what()).entered()
}

/// Begins the span of what is executed together for these: a part of the first, linked to the others.
pub(crate) fn group<'a>(mut members: impl ExactSizeIterator<Item = &'a Span>) -> EnteredSpan {
    let count = members.len();
    let first = members.next().and_then(Span::id);
    let span = tracing::info_span!(target: "traces", parent: first, "group", members = count);
    if !span.is_disabled() {
        for other in members {
            span.follows_from(other);
        }
    }
    span.entered()
}

/// What `T` is called: a command by its own name, a closure by that of the function that makes it.
pub(crate) fn name<T>() -> &'static str {
    let whole = type_name::<T>();
    let path = whole.split('<').next().unwrap_or(whole);
    path.rsplit("::")
        .find(|part| !part.starts_with('{'))
        .unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use accolade_application::enrolment::EnrolCustomers;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn name_of<T>(_: &T) -> &'static str {
        name::<T>()
    }

    #[test]
    fn a_command_is_called_as_its_type_and_a_closure_as_its_function() {
        assert_eq!(name::<EnrolCustomers>(), "EnrolCustomers");
        let closure = || ();
        closure();
        assert_eq!(
            name_of(&closure),
            "a_command_is_called_as_its_type_and_a_closure_as_its_function"
        );
    }

    #[test]
    fn what_the_caller_follows_stands_in_two_headers_of_which_the_second_may_be_missing() {
        let mut headers = HeaderMap::new();
        let mut set = |name, value| {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
            CallersTrace::of(&headers).map(|it| (it.parent.to_owned(), it.state.map(str::to_owned)))
        };
        assert_eq!(set("tracestate", "a=b"), None);
        let both = ("00-1-2-01".to_owned(), Some("a=b".to_owned()));
        assert_eq!(set("traceparent", "00-1-2-01"), Some(both));
    }
}
