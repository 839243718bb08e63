//! Properties of the overlap of enrolments, over many random periods.
#![allow(clippy::unwrap_used)]

use accolade_domain::enrolment::{Enrolment, Hold, decide};
use accolade_domain::ids::{IdBlock, ObjectId};
use accolade_domain::instant::Instant;
use proptest::prelude::*;

fn hold() -> impl Strategy<Value = Hold> {
    (0..60_i64, 1..20_i64).prop_map(|(from, length)| {
        let at = |s| Instant::from_unix_seconds(s).unwrap();
        Hold::new(at(from), at(from + length)).unwrap()
    })
}

/// The seconds that belong to a hold.
fn seconds(hold: Hold) -> Vec<i64> {
    let second = |instant: Instant| instant.unix_micros() / 1_000_000;
    (second(hold.event_on())..second(hold.expires_on())).collect()
}

proptest! {
    #[test]
    fn two_holds_overlap_exactly_if_a_moment_belongs_to_both(a in hold(), b in hold()) {
        let shared = seconds(a).iter().any(|second| seconds(b).contains(second));
        prop_assert_eq!(a.overlaps(b), shared);
        prop_assert_eq!(b.overlaps(a), shared);
    }

    #[test]
    fn enrolments_that_were_let_in_never_overlap(
        attempts in prop::collection::vec((hold(), prop::bool::weighted(0.2)), 1..40),
    ) {
        let first: ObjectId = "66276dc68fe258516a000000".parse().unwrap();
        let ids = IdBlock::new(first, 40).unwrap();
        let mut held: Vec<Enrolment> = Vec::new();
        for (id, (hold, revoke)) in ids.iter().zip(attempts) {
            match decide(&held, hold) {
                Some(other) => prop_assert!(other.hold.overlaps(hold)),
                None => held.push(Enrolment { id: id.into(), hold, revoked_on: None }),
            }
            if revoke && let Some(oldest) = held.iter_mut().find(|e| e.revoked_on.is_none()) {
                oldest.revoked_on = Some(Instant::MIN);
            }
            let valid: Vec<_> = held.iter().filter(|e| e.revoked_on.is_none()).collect();
            for (i, a) in valid.iter().enumerate() {
                for b in &valid[i + 1..] {
                    prop_assert!(!a.hold.overlaps(b.hold));
                }
            }
        }
    }
}
