//! What two customers have of a badge, as one customer's.

use crate::enrolment::Enrolment;
use crate::instant::Instant;
use crate::text::Reason;

/// Whose of two customers who become one something was. The second's comes first, where nothing else
/// tells which does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whose {
    /// The second's, whom the first is merged into.
    Second,
    /// The first's.
    First,
}

impl Reason {
    /// Why an enrolment is revoked that overlaps another once two customers are one.
    pub fn merged() -> Self {
        Self::from_stored("merged".to_owned())
    }
}

/// The places of `all` in the order in which they are kept together: that of their recording, given
/// whose each is and when it was recorded.
///
/// ```
/// use accolade_domain::instant::Instant;
/// use accolade_domain::people::{Whose, in_order};
///
/// let at = |second| Instant::from_unix_seconds(second).unwrap();
/// let all = [(Whose::First, at(5)), (Whose::First, at(7)), (Whose::Second, at(5))];
/// assert_eq!(in_order(&all), [2, 0, 1]);
/// ```
pub fn in_order(all: &[(Whose, Instant)]) -> Vec<usize> {
    let mut places: Vec<_> = (0..all.len()).collect();
    places.sort_by_key(|place| {
        let (whose, recorded_on) = all[*place];
        (recorded_on, whose)
    });
    places
}

/// Of each enrolment, by place: the one that stays instead of it, where it overlaps one whose event
/// date is earlier, or the same and the second's. Those who stay overlap nobody who stays; what is
/// revoked already gives way to nobody, and nobody to it.
pub fn giving_way(enrolments: &[(Whose, Enrolment)]) -> Vec<Option<usize>> {
    let mut instead = vec![None; enrolments.len()];
    let is_open = |place: &usize| enrolments[*place].1.revoked_on.is_none();
    let mut open: Vec<_> = (0..enrolments.len()).filter(is_open).collect();
    open.sort_by_key(|place| {
        let (whose, enrolment) = enrolments[*place];
        (enrolment.hold.event_on(), whose)
    });
    // Those who stay, in the order of their event dates, do not overlap: the last ends last.
    let mut last: Option<usize> = None;
    for place in open {
        let hold = enrolments[place].1.hold;
        match last.filter(|last| enrolments[*last].1.hold.overlaps(hold)) {
            Some(stays) => instead[place] = Some(stays),
            None => last = Some(place),
        }
    }
    instead
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::enrolment::decide;
    use crate::fixtures::{hold, second};
    use crate::ids::ObjectId;

    fn enrolment(number: u8, from: i64, length: i64, is_revoked: bool) -> Enrolment {
        Enrolment {
            id: ObjectId::from_bytes([number; 12]).into(),
            hold: hold(from, from + length),
            revoked_on: is_revoked.then(|| second(0)),
        }
    }

    /// Enrolments of one customer, none of which overlap unless they are revoked.
    fn held(whose: Whose) -> impl Strategy<Value = Vec<(Whose, Enrolment)>> {
        let one = (1..60_i64, 1..20_i64, any::<bool>());
        prop::collection::vec(one, 0..8).prop_map(move |all| {
            let mut held: Vec<Enrolment> = Vec::new();
            for (number, (from, length, is_revoked)) in (0..).zip(all) {
                let new = enrolment(number, from, length, is_revoked);
                if is_revoked || decide(&held, new.hold).is_none() {
                    held.push(new);
                }
            }
            held.into_iter().map(|it| (whose, it)).collect()
        })
    }

    proptest! {
        #[test]
        fn of_two_that_overlap_the_earlier_stays_and_what_overlaps_nothing_that_stays_stays(
            second in held(Whose::Second),
            first in held(Whose::First),
        ) {
            let all = [second, first].concat();
            let instead = giving_way(&all);
            let stays = |place: usize| {
                instead[place].is_none() && all[place].1.revoked_on.is_none()
            };
            for (place, (whose, enrolment)) in all.iter().enumerate() {
                let others = (0..all.len()).filter(|other| *other != place && stays(*other));
                let overlapped: Vec<_> =
                    others.filter(|it| all[*it].1.hold.overlaps(enrolment.hold)).collect();
                match instead[place] {
                    Some(other) => {
                        prop_assert!(overlapped.contains(&other));
                        let key = |(whose, it): &(Whose, Enrolment)| (it.hold.event_on(), *whose);
                        prop_assert!(key(&all[other]) < key(&(*whose, *enrolment)));
                        prop_assert_ne!(all[other].0, *whose);
                    }
                    None if stays(place) => prop_assert!(overlapped.is_empty()),
                    None => prop_assert!(enrolment.revoked_on.is_some()),
                }
            }
        }
    }

    #[test]
    fn what_gave_way_stands_in_nobodys_way() {
        let all = [
            (Whose::First, enrolment(1, 0, 10, false)),
            (Whose::Second, enrolment(2, 5, 10, false)),
            (Whose::First, enrolment(3, 12, 10, false)),
        ];
        assert_eq!(giving_way(&all), [None, Some(0), None]);
    }

    #[test]
    fn of_one_event_date_the_seconds_stays() {
        let all = [
            (Whose::First, enrolment(1, 5, 10, false)),
            (Whose::Second, enrolment(2, 5, 3, false)),
            (Whose::First, enrolment(3, 5, 3, true)),
        ];
        assert_eq!(giving_way(&all), [Some(1), None, None]);
    }
}
