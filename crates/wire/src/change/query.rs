//! Reading which changes a list is to have.

use accolade_application::ports::{ChangeCursor, ChangeQuery};
use accolade_domain::approval::{ChangeState, RuledOperation};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Rejection;

use crate::query::{Query, number, words};

/// How many changes there are unless told otherwise.
const DEFAULT_LIMIT: u32 = 100;

/// The most changes that may be asked for.
const MAX_LIMIT: u32 = 1_000;

/// What `query` asks for, of how they are at `now`. What is wrong with it is remembered there.
pub fn read(query: &mut Query, now: Instant) -> ChangeQuery {
    let states = |list: &str| words::list_of(list, ChangeState::ALL, ChangeState::name);
    let operations = |list: &str| words::list_of(list, RuledOperation::ALL, RuledOperation::name);
    ChangeQuery {
        now,
        states: query.read("state", states).unwrap_or_default(),
        operations: query.read("operation", operations).unwrap_or_default(),
        after: query.read("after", cursor),
        limit: (query.read("limit", number(1, MAX_LIMIT))).unwrap_or(DEFAULT_LIMIT),
    }
}

/// The `next` of a page.
pub(super) fn next(cursor: &ChangeCursor) -> String {
    format!("{}.{}", cursor.created_on.unix_micros(), cursor.change)
}

fn cursor(text: &str) -> Result<ChangeCursor, Rejection> {
    let parsed = || {
        let (on, change) = text.split_once('.')?;
        Some(ChangeCursor {
            created_on: Instant::from_unix_micros(on.parse().ok()?).ok()?,
            change: change.parse().ok()?,
        })
    };
    parsed().ok_or_else(|| Rejection::unreadable("Must be the next of an answer before."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_of_a_page_is_the_after_of_the_one_behind() {
        let place = ChangeCursor {
            created_on: Instant::from_unix_micros(1_777_627_800_000_001).unwrap(),
            change: "ef1bc378-a4d4-41ee-b2a9-462516199fc5".parse().unwrap(),
        };
        assert_eq!(cursor(&next(&place)), Ok(place));
        for text in ["", "1", "x.y", "1.2"] {
            assert!(cursor(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_filter_is_read_and_everything_that_is_wrong_said_at_once() {
        let mut query = Query::parse("state=pending,EXPIRED&operation=update-badge&limit=7");
        let read_query = read(&mut query, Instant::MAX);
        assert_eq!(
            read_query.states,
            [ChangeState::Pending, ChangeState::Expired]
        );
        assert_eq!(read_query.operations, [RuledOperation::UpdateBadge]);
        assert_eq!((read_query.limit, query.finish().problems), (7, vec![]));
        let mut query = Query::parse("state=OPEN&operation=DO&after=x&limit=0");
        read(&mut query, Instant::MAX);
        let problems = query.finish().problems.into_iter();
        let fields: Vec<_> = problems.filter_map(|it| it.field).collect();
        assert_eq!(fields, ["state", "operation", "after", "limit"]);
    }
}
