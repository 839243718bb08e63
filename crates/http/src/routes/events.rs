//! The feed of events.

use accolade_application::access::{AccessGroup, Caller};
use accolade_application::customers::{NamedCustomer, resolve_one};
use accolade_application::events::{FollowError, FollowFeed, Start, feed, too_old};
use accolade_application::ports::{FeedPage, Ports};
use accolade_domain::rejection::Rejection;
use accolade_wire::event::query::{Asked, read};
use accolade_wire::event::{CLOUD_EVENTS_BATCH, CloudEvent, EventsBody, batch, cursor};
use accolade_wire::render::{self, Context};
use actix_web::HttpResponse;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LINK};
use tokio::time::{Duration, Instant};

use crate::dispatch::Effect;
use crate::failure::Failure;
use crate::middleware::waited::Waited;
use crate::operation::{Operation, Success, example, get};
use crate::routes::call::Call;
use crate::routes::lookup::Lookup;
use crate::warnings::warn;

/// The header that says where the feed begins, where a cursor is too old.
const OLDEST: HeaderName = HeaderName::from_static("accolade-oldest");

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        get("/events", get_events)
            .named("getEvents", "Events", "Read and follow what happens")
            .about(
                "\
Events in the order of their positions, which are 1, 2, 3 … without a hole. Keep `next` with what you \
made of the events, and send it as `after`: nothing is missed, and nothing ever appears behind it. With \
`wait` the answer comes as soon as an event matches. Who asks for \
`application/cloudevents-batch+json` gets the bare array, and `next` in the header `Link`.",
            )
            .needs(AccessGroup::BadgesRead)
            .query(
                "after",
                "The `next` of the answer before; `latest`: what is recorded from now on. Absent: from the \
                 oldest that is kept.",
            )
            .query(
                "from",
                "A moment instead: nothing that was recorded then or later is left out.",
            )
            .number("limit", "The most events: 1 to 1000, default 100.")
            .query(
                "types",
                "A comma list of types, with or without `accolade.` before them.",
            )
            .query("badgeMetaId", "About this badge only.")
            .query("customerId", "About this customer only.")
            .number(
                "wait",
                "How many seconds to wait for an event that matches: 0 to 25, default 0.",
            )
            .identifiers("`customerId` is an identifier")
            .answers::<Success<EventsBody<'static>>>(
                "The events, and where to read on.",
                example!("events"),
            )
            .also_answers_list::<CloudEvent<'static>>(
                CLOUD_EVENTS_BATCH,
                example!("events-batch"),
            )
            .answers_header("200", "Link")
            .answers_header("200", "Accolade-Warnings")
            .answers_header("410", "Accolade-Oldest")
            .codes(&[1026, 1028, 1960, 1994]),
    ]
}

async fn get_events(call: Call) -> Result<HttpResponse, Failure> {
    let named_by = call.named_by();
    let shape = Shape::asked_for(call.headers());
    let target = call.target();
    let mut call = call.open_lookup().await?;
    let named_by = named_by.unwrap_or_else(|problem| {
        call.query.refuse(problem);
        None
    });
    let asked = read(&mut call.query, call.caller.org, named_by);
    Following::new(call, asked, shape)?.answer(&target).await
}

/// In which form events are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// In the envelope.
    Envelope,
    /// As a bare array.
    Batch,
}

impl Shape {
    /// What `headers` prefer: the envelope, unless they name the batch format.
    fn asked_for(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(ACCEPT).filter_map(|it| it.to_str().ok());
        let mut best = (0.0, Self::Envelope);
        for range in accepted.flat_map(|it| it.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default();
            let shape = if kind.eq_ignore_ascii_case(CLOUD_EVENTS_BATCH) {
                Self::Batch
            } else {
                Self::Envelope
            };
            let quality = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(1.0, |text| text.parse::<f32>().unwrap_or(0.0));
            // Who names it means it, whatever else is as good.
            let is_as_good = quality >= best.0 && quality > 0.0 && shape == Self::Batch;
            if quality > best.0 || is_as_good {
                best = (quality, shape);
            }
        }
        best.1
    }
}

/// A request that reads the feed, and perhaps waits for it to grow.
struct Following {
    lookup: Lookup,
    reader: Reader,
    wait: Duration,
}

/// What reads a stretch of the feed: it goes to a thread that may block, and comes back.
struct Reader {
    ports: Ports,
    caller: Caller,
    follow: FollowFeed,
    /// Who is to be looked up first.
    named: Option<NamedCustomer>,
    warnings: Vec<Rejection>,
    shape: Shape,
}

/// A stretch of the feed, and the answer that shows it unless it has no events.
struct Stretch {
    page: FeedPage,
    rendered: Option<render::Rendered>,
}

impl Following {
    /// # Errors
    /// What is wrong with the query, all at once.
    fn new(mut lookup: Lookup, asked: Asked, shape: Shape) -> Result<Self, Failure> {
        let report = std::mem::take(&mut lookup.query).finish();
        if !report.problems.is_empty() {
            return Err(report.problems.into());
        }
        let reader = Reader {
            ports: lookup.state.ports.clone(),
            caller: lookup.caller.clone(),
            follow: FollowFeed {
                start: asked.start,
                kinds: asked.kinds,
                badge: asked.badge,
                customer: None,
                limit: asked.limit,
                retention: lookup.state.options.events_retention,
            },
            named: asked.customer,
            warnings: report.warnings,
            shape,
        };
        Ok(Self {
            lookup,
            reader,
            wait: asked.wait,
        })
    }

    /// Reads, and waits for as long as the caller wants to if there is nothing yet. `target` is the
    /// path and the query that were asked for.
    ///
    /// # Errors
    /// Why the feed could not be read; those of the
    /// [dispatcher](crate::dispatch::Dispatcher::run).
    async fn answer(self, target: &str) -> Result<HttpResponse, Failure> {
        let Self {
            lookup,
            mut reader,
            wait,
        } = self;
        let (dispatcher, org) = (&lookup.state.dispatcher, lookup.caller.org);
        let turn = lookup.turn();
        let deadline = lookup.deadline.later_by(wait);
        let end = Instant::now() + wait;
        let follower = (!wait.is_zero()).then(|| lookup.state.followers.follow(org));
        let mut waited = Duration::ZERO;
        let mut stretch;
        (reader, stretch) = dispatcher
            .run(turn, deadline, Effect::Reads, move || reader.read())
            .await??;
        while let Some(follower) = &follower
            && stretch.page.events.is_empty()
            // Also where there is more: all up to `next` was looked at, and the caller goes on there.
            && Instant::now() < end
        {
            if !stretch.page.has_more {
                let begun = Instant::now();
                let next = stretch.page.next;
                let has_grown = follower.wait(|newest| *newest > next, end).await?;
                waited += begun.elapsed();
                if !has_grown {
                    break;
                }
            }
            let Some(_turn) = follower.turn(end).await else {
                break;
            };
            reader.follow.start = Start::After(stretch.page.next);
            (reader, stretch) = dispatcher
                .run(turn, deadline, Effect::Reads, move || reader.read())
                .await??;
        }
        let rendered = match stretch.rendered {
            Some(rendered) => rendered,
            None => reader.render(&stretch.page)?,
        };
        let mut response = lookup.state.answer(rendered)?;
        if reader.shape == Shape::Batch {
            let headers = response.headers_mut();
            let kind = HeaderValue::from_static(CLOUD_EVENTS_BATCH);
            headers.insert(CONTENT_TYPE, kind);
            let next = cursor(org, stretch.page.next);
            let link = HeaderValue::from_str(&link(target, &next)).map_err(Failure::unexpected)?;
            headers.insert(LINK, link);
            warn(headers, &reader.warnings)?;
        }
        Waited(waited).note(&mut response);
        Ok(response)
    }
}

impl Reader {
    /// Reads a stretch, and renders it if there is something in it.
    fn read(mut self) -> Result<(Self, Stretch), Failure> {
        if let Some(named) = self.named.take() {
            let (warnings, field) = (&mut self.warnings, Some("customerId"));
            let customer = resolve_one(&self.ports, &self.caller, warnings, named, field)?;
            self.follow.customer = Some(customer);
        }
        let page = feed(&self.ports, &self.caller, &self.follow)?;
        let rendered = if page.events.is_empty() {
            None
        } else {
            Some(self.render(&page)?)
        };
        Ok((self, Stretch { page, rendered }))
    }

    fn render(&self, page: &FeedPage) -> render::Result {
        match self.shape {
            Shape::Batch => batch(page),
            Shape::Envelope => {
                let context = Context {
                    zone: &self.caller.zone,
                    warnings: &self.warnings,
                };
                render::enveloped(&EventsBody::new(self.caller.org, page), context)
            }
        }
    }
}

impl From<FollowError> for Failure {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Gone { oldest } => {
                Self::from(too_old(oldest)).with_header(OLDEST, oldest.get().into())
            }
            FollowError::Other(error) => error.into(),
        }
    }
}

/// The header `Link` that says where to read on: the request `target`, but after `next`.
fn link(target: &str, next: &str) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut link = format!("<{path}?after={next}");
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        if name != "after" && name != "from" {
            link.push('&');
            link.push_str(pair);
        }
    }
    link.push_str(">; rel=\"next\"");
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_leads_on_with_the_same_filters() {
        assert_eq!(
            link("/v1/events", "AQ"),
            "</v1/events?after=AQ>; rel=\"next\""
        );
        assert_eq!(
            link("/v1/events?types=earn.created&from=1&limit=5&&wait=2", "AQ"),
            "</v1/events?after=AQ&types=earn.created&limit=5&wait=2>; rel=\"next\""
        );
        assert_eq!(
            link("/v1/events?after=AA", "AQ"),
            "</v1/events?after=AQ>; rel=\"next\""
        );
    }

    #[test]
    fn the_batch_format_is_answered_to_who_prefers_it() {
        let shape = |accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            Shape::asked_for(&headers)
        };
        for accept in [
            "application/cloudevents-batch+json",
            "Application/CloudEvents-Batch+JSON; charset=utf-8",
            "application/json, application/cloudevents-batch+json",
            "application/json;q=0.5, application/cloudevents-batch+json;q=0.9",
        ] {
            assert_eq!(shape(accept), Shape::Batch, "{accept}");
        }
        for accept in [
            "*/*",
            "application/json",
            "application/cloudevents+json",
            "application/json, application/cloudevents-batch+json;q=0.9",
            "application/cloudevents-batch+json;q=0",
        ] {
            assert_eq!(shape(accept), Shape::Envelope, "{accept}");
        }
        assert_eq!(Shape::asked_for(&HeaderMap::new()), Shape::Envelope);
    }
}
