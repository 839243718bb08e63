//! Ids that count up from one, so that a test knows them beforehand.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use accolade_application::ports::IdSource;
use accolade_domain::ids::{IdBlock, ObjectId};
use uuid::Uuid;

/// Makes `000000000000000000000001`, `…2`, `…3` and so on. Blocks, single ids and
/// UUIDs share one counter. Where the last three bytes have no room for a block, it
/// begins at their next zero.
#[derive(Debug, Default)]
pub struct SequentialIds {
    made: AtomicU64,
}

/// How many values the counter in an id's last three bytes has.
const COUNTER: u64 = IdBlock::MAX_LEN as u64;

impl SequentialIds {
    /// Takes the next `len` numbers, none of which crosses the end of a counter.
    fn take(&self, len: u32) -> u64 {
        let len = u64::from(len);
        let first = |made: u64| {
            let next = made + 1;
            let room = COUNTER - next % COUNTER;
            if len <= room { next } else { next + room }
        };
        let made = self
            .made
            .fetch_update(Relaxed, Relaxed, |made| Some(first(made) + len - 1))
            .unwrap_or_else(|made| made);
        first(made)
    }
}

fn id(number: u64) -> ObjectId {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&number.to_be_bytes());
    ObjectId::from_bytes(bytes)
}

impl IdSource for SequentialIds {
    /// # Panics
    /// If `len` is greater than [`IdBlock::MAX_LEN`].
    fn block(&self, len: u32) -> IdBlock {
        let Some(block) = IdBlock::new(id(self.take(len)), len) else {
            panic!("a block of {len} ids is too long");
        };
        block
    }

    fn object_id(&self) -> ObjectId {
        id(self.take(1))
    }

    fn uuid(&self) -> Uuid {
        Uuid::from_u128(self.take(1).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_count_up_and_none_is_made_twice() {
        let ids = SequentialIds::default();
        assert_eq!(ids.object_id().to_string(), "000000000000000000000001");
        assert_eq!(
            ids.block(2).get(1).unwrap().to_string(),
            "000000000000000000000003"
        );
        assert_eq!(ids.object_id().to_string(), "000000000000000000000004");
    }

    #[test]
    fn a_block_that_has_no_room_begins_at_the_next_zero() {
        let ids = SequentialIds::default();
        ids.object_id();
        let block = ids.block(IdBlock::MAX_LEN);
        assert_eq!(
            block.first().unwrap().to_string(),
            "000000000000000001000000"
        );
        assert_eq!(ids.object_id().to_string(), "000000000000000002000000");
    }
}
