//! Events that were read to be sent again, kept for the next of them.

use std::collections::VecDeque;

use accolade_domain::event::{Event, Position};

/// How many events are read at once while they are asked for one after another.
const AHEAD: i64 = 256;
/// How many pages are kept.
const MOST_PAGES: usize = 4;

/// Events that were read to be sent again. What waits for the same receiver is often neighbours, and is
/// due one after another: then one page has many of them.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    /// The latest last, each in the order of positions.
    pages: VecDeque<Vec<Event>>,
    /// What was asked for last.
    last: Option<Position>,
}

impl Recent {
    /// The event at `position`, if it is here.
    pub(crate) fn get(&mut self, position: Position) -> Option<&Event> {
        let pages = self.pages.iter();
        let found = pages.rev().find_map(|page| {
            let index = page.binary_search_by_key(&position, |it| it.position);
            index.ok().map(|index| &page[index])
        });
        if found.is_some() {
            self.last = Some(position);
        }
        found
    }

    /// How many events to read from `position` on, to have those up to `span` positions on.
    pub(crate) fn read_from(&mut self, position: Position, span: i64) -> i64 {
        let last = self.last.replace(position);
        let is_next = last.is_some_and(|last| (1..AHEAD).contains(&(position.get() - last.get())));
        if is_next { span.max(AHEAD) } else { span }
    }

    /// Keeps what was read.
    pub(crate) fn keep(&mut self, page: Vec<Event>) {
        if self.pages.len() >= MOST_PAGES {
            self.pages.pop_front();
        }
        self.pages.push_back(page);
    }
}
