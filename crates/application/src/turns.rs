//! Turns: what many change at the same moment is changed by one after the other.
//!
//! A change is decided from what was read, and the store refuses it if somebody else was faster. Of
//! many who change one badge at once all but one would lose each round, and whoever is unlucky would lose
//! round after round. So whoever changes a thing waits for its turn first, in the order of arrival,
//! and only then reads: waiting takes no connection, and within a server nobody loses a round.
//!
//! Turns are a matter of fairness, never of what is right: the store still refuses what is decided
//! from what has changed. Other servers have turns of their own, so a change can lose to one change
//! of each of them at a time, all of which are recorded.

use std::fmt;
use std::sync::Arc;

use accolade_domain::ids::{ObjectId, OrgId};
use parking_lot::{FairMutex, FairMutexGuard};

/// How many places there are to wait at. Things that share a place wait for each other, which costs
/// time and nothing else.
const PLACES: usize = 1_024;

/// How often a change is decided anew because somebody else was faster. Within a server it is one's
/// turn, so whoever loses a round was beaten by another server, whose change was recorded: the bound
/// only ends what would go on forever because something is broken.
pub(crate) const MOST_ROUNDS: usize = 100_000;

/// Where those wait who change a badge, a group or a custom field. Cheap to clone; clones share the
/// places.
#[derive(Clone)]
pub struct Turns(Arc<[FairMutex<()>]>);

/// The turn of one who changes something: the next in line gets it when this is dropped.
#[must_use]
pub(crate) struct Turn<'t> {
    _places: Vec<FairMutexGuard<'t, ()>>,
}

impl Default for Turns {
    fn default() -> Self {
        Self((0..PLACES).map(|_| FairMutex::new(())).collect())
    }
}

impl fmt::Debug for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Turns")
    }
}

impl Turns {
    /// Waits until it is the caller's turn to change all of `things`. Whoever has a turn asks for no
    /// further one.
    pub(crate) fn wait(&self, things: impl IntoIterator<Item = (OrgId, ObjectId)>) -> Turn<'_> {
        let mut places: Vec<_> = things.into_iter().map(place).collect();
        // One order for all, so that those who wait for several things wait for each other only one way.
        places.sort_unstable();
        places.dedup();
        let places = places.into_iter().filter_map(|place| self.0.get(place));
        Turn {
            _places: places.map(FairMutex::lock).collect(),
        }
    }
}

/// Where those wait who change this thing. Ids count up in their last bytes, orgs are told apart by all
/// of theirs.
fn place((org, id): (OrgId, ObjectId)) -> usize {
    let bytes = org.get().to_be_bytes();
    let bytes = bytes.iter().chain(id.as_bytes());
    bytes.fold(0, |place, byte| (place * 31 + usize::from(*byte)) % PLACES)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::thread;

    use super::*;

    fn thing(id: u8) -> (OrgId, ObjectId) {
        let org = 100_458.try_into().unwrap();
        (org, ObjectId::from_bytes([id; 12]))
    }

    #[test]
    fn of_those_who_want_one_thing_one_has_the_turn_at_a_time() {
        let turns = Turns::default();
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for thread in 0..8 {
                let (turns, inside, most) = (&turns, &inside, &most);
                scope.spawn(move || {
                    for round in 0..100 {
                        // Some want two, in either order.
                        let both = [thing(1), thing(2 + (thread + round) % 3)];
                        let reversed = [both[1], both[0]];
                        let _turn = turns.wait(if round % 2 == 0 { both } else { reversed });
                        most.fetch_max(inside.fetch_add(1, SeqCst) + 1, SeqCst);
                        inside.fetch_sub(1, SeqCst);
                    }
                });
            }
        });
        assert_eq!(most.into_inner(), 1);
    }
}
