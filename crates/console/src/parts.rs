//! Parts that several pages have: pages of a list, bars of limits, choices.

use accolade_domain::earning::{Limit, Scope, Span};
use accolade_domain::instant::Instant;
use accolade_domain::listing::PageOf;

use crate::form::Form;
use crate::moment::{Moment, Moments};
use crate::texts as t;

/// The ways from one page of a list to the next and back.
pub(crate) struct Pager {
    pub(crate) before: Option<String>,
    pub(crate) next: Option<String>,
    pub(crate) text: String,
}

impl Pager {
    /// Those of the page `of` a list of so many items, which `query` asked for.
    pub(crate) fn new(path: &str, query: &Form, of: PageOf, total: u64) -> Self {
        let href = |page: u32| format!("{path}?{}", query.with("page", page.to_string()).query());
        let (first, size) = (u64::from(of.page) * u64::from(of.size), u64::from(of.size));
        Self {
            before: of.page.checked_sub(1).map(href),
            next: (first + size < total).then(|| href(of.page.saturating_add(1))),
            text: t::part_of(first, (first + size).min(total), total),
        }
    }

    /// Whether there is more than one page.
    pub(crate) const fn is_needed(&self) -> bool {
        self.before.is_some() || self.next.is_some()
    }
}

/// How much of a limit is taken, as a bar.
pub(crate) struct Bar {
    pub(crate) whose: &'static str,
    pub(crate) time: String,
    pub(crate) taken: u64,
    pub(crate) most: u64,
    pub(crate) text: String,
    /// When there is room again, where there is none and it comes by itself.
    pub(crate) opens: Option<Moment>,
    pub(crate) is_full: bool,
}

impl Bar {
    /// That of `limit`, of which `taken` is taken; a rolling window that is full opens on `opens_on`.
    pub(crate) fn new(
        limit: &Limit,
        taken: u64,
        opens_on: Option<Instant>,
        moments: &Moments,
    ) -> Self {
        let most = u64::from(limit.max);
        let is_full = limit.room(taken) == 0;
        let opens = match limit.span {
            Span::AllTime => None,
            // The last window holds one moment more, behind which nothing comes.
            Span::Fixed { window, .. } => {
                opens_on.or(window.ends_on.filter(|end| *end == end.floor_to_second()))
            }
            Span::Rolling { .. } => opens_on,
        };
        Self {
            whose: match limit.scope {
                Scope::Customer => t::FOR_THIS_CUSTOMER,
                Scope::Badge => t::FOR_ALL_CUSTOMERS,
            },
            time: t::span(&limit.span, moments),
            taken: taken.min(most),
            most,
            text: t::room(limit.room(taken), most),
            opens: moments.maybe(opens.filter(|_| is_full)),
            is_full,
        }
    }
}

/// One of the values that a field can have.
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) text: String,
    pub(crate) chosen: bool,
}

impl Choice {
    /// The choices of `all`, each a value and what it is called, of which `chosen` is taken.
    pub(crate) fn of<V: Into<String>, T: Into<String>>(
        all: impl IntoIterator<Item = (V, T)>,
        chosen: &str,
    ) -> Vec<Self> {
        let choice = |(value, text): (V, T)| {
            let value = value.into();
            Self {
                chosen: value == chosen,
                value,
                text: text.into(),
            }
        };
        all.into_iter().map(choice).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use accolade_domain::earning::Window;
    use accolade_domain::fixtures::at;
    use accolade_domain::zone::Zone;
    use uuid::Uuid;

    #[test]
    fn pages_lead_to_their_neighbours_and_keep_what_was_asked() {
        let query = Form::parse(b"name=gold&page=1");
        let pager = Pager::new("/console/badges", &query, PageOf { page: 1, size: 20 }, 45);
        assert_eq!(
            pager.before.as_deref(),
            Some("/console/badges?name=gold&page=0")
        );
        assert_eq!(
            pager.next.as_deref(),
            Some("/console/badges?name=gold&page=2")
        );
        assert_eq!(pager.text, "21–40 of 45");
        let last = Pager::new("/x", &query, PageOf { page: 2, size: 20 }, 45);
        assert_eq!((last.next, last.text.as_str()), (None, "41–45 of 45"));
    }

    #[test]
    fn a_full_window_says_when_there_is_room_again() {
        let moments = Moments::of(&Zone::utc());
        let limit = |max| Limit {
            scope: Scope::Badge,
            span: Span::Fixed {
                reference: Uuid::nil(),
                window: Window {
                    starts_on: at("2026-05-01T00:00:00Z"),
                    ends_on: Some(at("2026-06-01T00:00:00Z")),
                },
            },
            max,
        };
        let bar = Bar::new(&limit(3), 3, None, &moments);
        assert!(bar.is_full);
        assert_eq!(bar.opens, Some(moments.show(at("2026-06-01T00:00:00Z"))));
        let bar = Bar::new(&limit(4), 3, None, &moments);
        assert_eq!((bar.is_full, bar.opens), (false, None));
        assert_eq!(bar.text, "1 of 4 left");
    }
}
