//! New ids: the second, five bytes that are this process's alone, and a counter.
//!
//! The five bytes are random, so that servers need not know each other; when the counter
//! has run out they are drawn anew, so that no id is made twice within a second either.

use std::sync::{Arc, Mutex, PoisonError};

use accolade_application::ports::{Clock, IdSource};
use accolade_domain::ids::{IdBlock, ObjectId};
use uuid::Uuid;

/// Makes ids from the clock, randomness and a counter.
pub(crate) struct SystemIds {
    clock: Arc<dyn Clock>,
    next: Mutex<Next>,
}

/// What the next id has besides the second.
struct Next {
    random: [u8; 5],
    counter: u32,
}

impl Next {
    fn fresh() -> Self {
        Self {
            random: rand::random(),
            counter: 0,
        }
    }

    fn id(&self, seconds: [u8; 4]) -> ObjectId {
        let [s0, s1, s2, s3] = seconds;
        let [r0, r1, r2, r3, r4] = self.random;
        let [_, c0, c1, c2] = self.counter.to_be_bytes();
        ObjectId::from_bytes([s0, s1, s2, s3, r0, r1, r2, r3, r4, c0, c1, c2])
    }
}

impl SystemIds {
    /// Ids whose seconds come from `clock`.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            next: Mutex::new(Next::fresh()),
        }
    }

    /// The seconds of an id: those of the clock, held within 32 bits.
    fn seconds(&self) -> [u8; 4] {
        let seconds = self.clock.now().unix_micros().div_euclid(1_000_000);
        u32::try_from(seconds.max(0))
            .unwrap_or(u32::MAX)
            .to_be_bytes()
    }
}

impl IdSource for SystemIds {
    fn block(&self, len: u32) -> IdBlock {
        let len = len.min(IdBlock::MAX_LEN);
        let seconds = self.seconds();
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let room = next.counter < IdBlock::MAX_LEN;
            if let Some(block) = IdBlock::new(next.id(seconds), len).filter(|_| room) {
                next.counter += len;
                return block;
            }
            *next = Next::fresh();
        }
    }

    fn object_id(&self) -> ObjectId {
        loop {
            if let Some(id) = self.block(1).first() {
                return id;
            }
        }
    }

    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::thread;

    use super::*;
    use accolade_domain::instant::Instant;

    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> Instant {
            Instant::from_unix_seconds(0x6627_6dc6).unwrap()
        }
    }

    fn ids() -> SystemIds {
        SystemIds::new(Arc::new(Stopped))
    }

    #[test]
    fn an_id_begins_with_the_second() {
        assert!(ids().object_id().to_string().starts_with("66276dc6"));
    }

    #[test]
    fn blocks_are_consecutive_and_never_overlap_also_when_the_counter_runs_out() {
        let ids = ids();
        let ends = |block: &IdBlock| {
            let last = block.get(block.len() - 1).unwrap();
            (block.first().unwrap(), last)
        };
        let mut ranges: Vec<_> = (0..7)
            .map(|_| ids.block(IdBlock::MAX_LEN / 3))
            .inspect(|block| assert_eq!(block.len(), 5_592_405))
            .map(|block| ends(&block))
            .collect();
        ranges.push(ends(&ids.block(IdBlock::MAX_LEN)));
        ranges.push(ends(&ids.block(1)));
        ranges.sort();
        assert!(ranges.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }

    #[test]
    fn threads_never_get_the_same_id() {
        let ids = ids();
        let all: HashSet<ObjectId> = thread::scope(|scope| {
            let workers: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..500).flat_map(|_| ids.block(3).iter()).collect()))
                .collect();
            workers
                .into_iter()
                .flat_map(|worker| -> Vec<ObjectId> { worker.join().unwrap() })
                .collect()
        });
        assert_eq!(all.len(), 4 * 500 * 3);
    }

    #[test]
    fn two_processes_that_start_in_one_second_make_different_ids() {
        assert_ne!(ids().object_id(), ids().object_id());
    }

    #[test]
    fn an_empty_block_is_empty() {
        assert!(ids().block(0).is_empty());
    }
}
