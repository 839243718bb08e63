//! Which events are to be sent again.

use accolade_application::webhooks::Stretch;
use accolade_domain::event::Position;
use accolade_domain::instant::Instant;
use accolade_domain::rejection::{Code, Rejection};

use crate::json::{Field, Fields, Presence, body, sentence};
use crate::shapes::InstantInput;

/// The most positions that one request may name.
const MOST_POSITIONS: usize = 1_000;

body! {
    /// Which events to send again: those at `positions`, or those that were recorded from `from` until
    /// `until`.
    #[schema(as = ResendRequest)]
    pub struct ResendRequestBody {
        /// The positions of events: at most 1 000.
        positions: Option<Vec<i64>> => stretch = stretch(fields, name),
        /// From when on; for lack of `positions`.
        from: Option<InstantInput>,
        /// The same in ISO 8601, which wins.
        fromISO: Option<String>,
        /// Until before when; absent: until now.
        until: Option<InstantInput>,
        /// The same in ISO 8601, which wins.
        untilISO: Option<String>,
        /// Whether only those are sent again that were given up or wait for a retry. Default false.
        onlyFailed: Option<bool> => only_failed = Some(fields.field(name).boolean()),
    }
    parse(fields, name) -> (Stretch, bool) {
        (stretch, only_failed.unwrap_or(false))
    }
}

/// Which events `fields` name, by the field `positions` or by others.
fn stretch(fields: &mut Fields<'_, '_>, positions: &'static str) -> Option<Stretch> {
    let by_position = fields.has(positions);
    let by_time = ["from", "fromISO", "until", "untilISO"];
    let has_time = by_time.iter().any(|name| fields.has(name));
    if by_position && has_time {
        let message = "Send positions, or from and until: each says which events.";
        fields.refuse(Rejection::unreadable(message).at_field(positions));
    }
    let positions = read_positions(fields.field(positions));
    let presence = if by_position {
        Presence::Optional
    } else {
        Presence::Required
    };
    let from = fields.instant_pair("from", presence);
    let until = fields.instant_pair("until", Presence::Optional);
    if !is_in_order(from, until) {
        let message = "Must be later than from.";
        fields.refuse(Rejection::unreadable(message).at_field("until"));
    }
    match positions {
        Some(positions) => Some(Stretch::Positions(positions)),
        None => Some(Stretch::Recorded { from: from?, until }),
    }
}

fn is_in_order(from: Option<Instant>, until: Option<Instant>) -> bool {
    from.zip(until).is_none_or(|(from, until)| from < until)
}

fn read_positions(field: Field<'_, '_>) -> Option<Vec<Position>> {
    let elements = field.list(MOST_POSITIONS, Code::Unreadable)?;
    let positions = elements.filter_map(|element| {
        element.read(|value| {
            let number = value.get().parse::<i64>().ok().filter(|number| *number > 0);
            let position = number.and_then(|number| Position::try_from(number).ok());
            position.ok_or_else(|| sentence("must be the position of an event, from 1 on"))
        })
    });
    Some(positions.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(body: &str) -> Vec<String> {
        let problems = ResendRequestBody::parse(body.as_bytes()).unwrap_err();
        let paths = problems.into_iter();
        paths.map(|it| it.field.unwrap_or_default()).collect()
    }

    #[test]
    fn events_are_named_by_positions_or_by_time() {
        let read = |body: &str| ResendRequestBody::parse(body.as_bytes()).unwrap().value;
        let positions = vec![Position::try_from(3).unwrap()];
        let by_position = read(r#"{"positions":[3]}"#);
        assert_eq!(by_position, (Stretch::Positions(positions), false));
        let from = Instant::from_unix_seconds(5).unwrap();
        let by_time = read(r#"{"from":5,"onlyFailed":true}"#);
        let stretch = Stretch::Recorded { from, until: None };
        assert_eq!(by_time, (stretch, true));
    }

    #[test]
    fn what_names_no_events_or_names_them_twice_is_refused() {
        assert_eq!(problems("{}"), ["from"]);
        assert_eq!(
            problems(r#"{"positions":[0,"1",2]}"#),
            ["positions[0]", "positions[1]"]
        );
        assert_eq!(problems(r#"{"positions":[1],"until":5}"#), ["positions"]);
        assert_eq!(problems(r#"{"from":5,"until":5}"#), ["until"]);
    }
}
