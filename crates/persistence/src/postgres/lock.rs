//! The locks of a badge, of an org's feed, and of an org's people.

use accolade_domain::ids::OrgId;

use crate::recording::sql::BadgeKey;

/// The number under which a badge is locked, in all servers of a database and in all
/// versions of this program: the 64-bit FNV-1a hash of the org's number (eight
/// bytes, big endian) and the badge's id. Two badges that share a number wait for each
/// other, which costs time and nothing else.
pub(super) fn number(key: BadgeKey) -> i64 {
    hash(key, &[])
}

/// The number under which a badge's earns are locked: the same hash with one more byte, a 1.
pub(super) fn earns_number(key: BadgeKey) -> i64 {
    hash(key, &[1])
}

/// The number under which it is locked which earned badges of a badge are revoked: the same with a 3.
pub(super) fn revocations_number(key: BadgeKey) -> i64 {
    hash(key, &[3])
}

/// The number under which an org's feed is locked while rows get their positions: the hash of the org's
/// number and one more byte, a 2.
pub(super) fn feed_number(org: OrgId) -> i64 {
    let org = org.get().to_be_bytes();
    hash_of(org.iter().chain(&[2]))
}

/// The number under which an org's people are locked: shared by who records something about them, and
/// by nobody else's side while some of them become one or are forgotten. The same with a 4.
pub(super) fn people_number(org: OrgId) -> i64 {
    let org = org.get().to_be_bytes();
    hash_of(org.iter().chain(&[4]))
}

fn hash(key: BadgeKey, more: &[u8]) -> i64 {
    let org = key.org.get().to_be_bytes();
    hash_of(org.iter().chain(key.badge.0.as_bytes()).chain(more))
}

fn hash_of<'a>(bytes: impl Iterator<Item = &'a u8>) -> i64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let hash = bytes.fold(OFFSET, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(PRIME)
    });
    hash.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_locks_never_change() {
        let key = BadgeKey {
            org: 100_458.try_into().unwrap(),
            badge: "66276dc68fe258516a88ff8e".parse().unwrap(),
        };
        assert_eq!(number(key), 5_240_570_340_563_970_941);
        assert_eq!(feed_number(key.org), -6_138_788_719_448_602_286);
    }
}
