//! What a webhook was sent: the answers, and which of it a list is to have.

use accolade_application::ports::{
    AttemptCursor, AttemptPage, AttemptResult, AttemptStatus, ListedAttempt,
};
use accolade_domain::ids::OrgId;
use accolade_domain::rejection::Rejection;

use crate::answer::answer;
use crate::instant::{WireInstant, WireIso};
use crate::json::{not_a_word, word};
use crate::query::{Query, number};
use crate::words::AttemptStatusName;

/// The most attempts that a page may have.
const MAX_SIZE: u32 = 1_000;

/// How many it has unless told otherwise.
const DEFAULT_SIZE: u32 = 100;

answer! {
    /// One attempt to deliver an event.
    #[schema(as = WebhookAttempt)]
    pub struct AttemptBody<'a> {
        /// The id of the event.
        #[schema(example = "100458-00000000000000000042")]
        eventId: &'a str = event_id,
        /// Which attempt this is, from 1.
        attempt: u32 = attempt,
        /// When it was begun.
        attemptedOn: WireInstant = result.attempted_on.into(),
        /// The same as text.
        attemptedOnISO: WireIso = result.attempted_on.into(),
        /// Whether it succeeded.
        #[schema(value_type = AttemptStatusName)]
        status: &'static str = result.status.name(),
        /// The HTTP status of the answer; null if there was none.
        #[schema(required)]
        httpStatus: Option<u16> = result.http_status,
        /// How long it took, in milliseconds.
        durationMs: i64 = i64::try_from(result.duration.whole_milliseconds()).unwrap_or(i64::MAX),
        /// Why there was no answer, or what is wrong with it.
        #[schema(required)]
        error: Option<&'a str> = result.error.as_deref(),
        /// The first KiB of what the receiver answered.
        #[schema(required)]
        answer: Option<&'a str> = result.answer.as_deref(),
    }
    new(event_id: &'a str, attempt: u32, result: &'a AttemptResult) {}
}

/// Attempts, the newest first.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = WebhookAttemptList)]
pub struct AttemptListBody<'a> {
    /// The attempts of the page.
    attempts: Vec<AttemptBody<'a>>,
    /// The `after` of the next page; null on the last. A page may have fewer attempts than asked for,
    /// or none, though there are more.
    #[schema(required)]
    next: Option<String>,
}

/// The ids of the events of `page`.
pub fn event_ids(org: OrgId, page: &AttemptPage) -> Vec<String> {
    let id = |it: &ListedAttempt| format!("{org}-{:020}", it.event.position.get());
    page.attempts.iter().map(id).collect()
}

impl<'a> AttemptListBody<'a> {
    /// The attempts of `page`, of the events with these ids.
    pub fn new(page: &'a AttemptPage, event_ids: &'a [String]) -> Self {
        let attempts = page.attempts.iter().zip(event_ids);
        Self {
            attempts: attempts
                .map(|(it, id)| AttemptBody::new(id, it.event.attempt, &it.result))
                .collect(),
            next: page
                .next
                .map(|next| format!("{}-{}", next.request, next.event)),
        }
    }
}

/// Which attempts a caller asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Only those that succeeded, or only those that failed.
    pub status: Option<AttemptStatus>,
    /// Only what the list has behind this.
    pub after: Option<AttemptCursor>,
    /// The most attempts.
    pub limit: usize,
}

/// Which attempts `query` asks for. What is wrong with it is remembered there.
pub fn read_query(query: &mut Query) -> Asked {
    let limit = query.read("limit", number(1, MAX_SIZE));
    Asked {
        status: query.read("status", status),
        after: query.read("after", cursor),
        limit: usize::try_from(limit.unwrap_or(DEFAULT_SIZE)).unwrap_or(1),
    }
}

fn status(text: &str) -> Result<AttemptStatus, Rejection> {
    let (all, name) = (AttemptStatus::ALL, AttemptStatus::name);
    word(text, all, name).ok_or_else(|| not_a_word(all, name))
}

fn cursor(text: &str) -> Result<AttemptCursor, Rejection> {
    let parts = text.split_once('-');
    let cursor = parts.and_then(|(request, event)| {
        let request = request.parse().ok().filter(|request| *request > 0)?;
        let event = event.parse().ok()?;
        Some(AttemptCursor { request, event })
    });
    cursor.ok_or_else(|| Rejection::unreadable("Must be the next of an answer before."))
}
