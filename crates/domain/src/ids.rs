//! Identifiers: 12-byte object ids and the numbers of orgs and clients.
//!
//! An [`ObjectId`] is written as 24 lower-case hex digits: four bytes of
//! seconds, five random ones and a counter of three. Each thing that has one
//! gets a type of its own, so that a badge's id is never passed for an
//! enrolment's.

use std::fmt;
use std::str::FromStr;

/// What is wrong with the text of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 24 hexadecimal digits")]
pub struct MalformedId;

/// Twelve bytes: seconds since 1970 (4, big endian), random (5), counter (3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId([u8; 12]);

impl ObjectId {
    /// The id with exactly these bytes.
    pub const fn from_bytes(bytes: [u8; 12]) -> Self {
        Self(bytes)
    }

    /// The bytes as they are stored.
    pub const fn as_bytes(&self) -> &[u8; 12] {
        &self.0
    }

    /// The counter in the last three bytes.
    const fn counter(self) -> u32 {
        u32::from_be_bytes([0, self.0[9], self.0[10], self.0[11]])
    }

    const fn with_counter(self, counter: u32) -> Self {
        let [_, a, b, c] = counter.to_be_bytes();
        let mut bytes = self.0;
        bytes[9] = a;
        bytes[10] = b;
        bytes[11] = c;
        Self(bytes)
    }

    /// The hex digits, written to `digits`.
    fn digits(self, digits: &mut [u8; 24]) -> Option<&str> {
        // It has exactly the size that twelve bytes need.
        hex::encode_to_slice(self.0, digits).ok()?;
        std::str::from_utf8(digits).ok()
    }
}

impl TryFrom<&[u8]> for ObjectId {
    type Error = MalformedId;

    fn try_from(bytes: &[u8]) -> Result<Self, MalformedId> {
        bytes.try_into().map(Self).map_err(|_| MalformedId)
    }
}

impl FromStr for ObjectId {
    type Err = MalformedId;

    /// Reads 24 hex digits of either case.
    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let mut bytes = [0; 12];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| MalformedId)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.digits(&mut [0; 24]).ok_or(fmt::Error)?)
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for ObjectId {
    /// Hex digits in text formats, twelve bytes in binary ones.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            // Not by way of `Display`: an answer may have ten thousand of them.
            match self.digits(&mut [0; 24]) {
                Some(digits) => serializer.serialize_str(digits),
                None => Err(serde::ser::Error::custom(MalformedId)),
            }
        } else {
            self.0.serialize(serializer)
        }
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for ObjectId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            std::borrow::Cow::<'de, str>::deserialize(deserializer)?
                .parse()
                .map_err(serde::de::Error::custom)
        } else {
            <[u8; 12]>::deserialize(deserializer).map(Self)
        }
    }
}

/// `len` consecutive ids: one allocation for a whole batch of customers.
///
/// ```
/// use accolade_domain::ids::{IdBlock, ObjectId};
///
/// let first: ObjectId = "66276dc68fe258516a000001".parse()?;
/// let block = IdBlock::new(first, 3).unwrap();
/// assert_eq!(block.get(2).unwrap().to_string(), "66276dc68fe258516a000003");
/// assert_eq!(block.get(3), None);
/// # Ok::<(), accolade_domain::ids::MalformedId>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct IdBlock {
    first: ObjectId,
    len: u32,
}

impl IdBlock {
    /// The most ids that one block can hold: what the counter's 24 bits count.
    pub const MAX_LEN: u32 = 1 << 24;

    /// The block that begins with `first`; `None` if the counter would run over.
    pub const fn new(first: ObjectId, len: u32) -> Option<Self> {
        if len <= Self::MAX_LEN && first.counter() <= Self::MAX_LEN - len {
            Some(Self { first, len })
        } else {
            None
        }
    }

    /// The id at `index`, `None` past the end.
    pub fn get(&self, index: usize) -> Option<ObjectId> {
        let index = u32::try_from(index).ok().filter(|i| *i < self.len)?;
        Some(self.first.with_counter(self.first.counter() + index))
    }

    /// The first id, if there is one.
    pub fn first(&self) -> Option<ObjectId> {
        self.get(0)
    }

    /// How many ids there are.
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All ids, in order.
    pub fn iter(&self) -> impl Iterator<Item = ObjectId> + use<> {
        let block = *self;
        (0..block.len()).filter_map(move |i| block.get(i))
    }
}

macro_rules! object_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
        pub struct $name(pub ObjectId);

        impl FromStr for $name {
            type Err = MalformedId;

            fn from_str(text: &str) -> Result<Self, MalformedId> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl From<ObjectId> for $name {
            fn from(id: ObjectId) -> Self {
                Self(id)
            }
        }
    };
}

object_id! {
    /// Names a badge meta (wire: `badgeMetaId`).
    BadgeId
}
object_id! {
    /// Names an enrolment (wire: `issuedId`, `issueId`).
    EnrolmentId
}
object_id! {
    /// Names an earned badge (wire: `earnedBadgeId`).
    EarnedBadgeId
}
object_id! {
    /// Names a badge group (wire: `badgeGroupId`).
    GroupId
}
object_id! {
    /// Names a custom field.
    CustomFieldId
}
object_id! {
    /// Names a webhook.
    WebhookId
}

macro_rules! positive_number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize),
            serde(try_from = "i64", into = "i64")
        )]
        pub struct $name(i64);

        impl $name {
            /// The number itself: at least 1.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl TryFrom<i64> for $name {
            type Error = NotPositive;

            fn try_from(number: i64) -> Result<Self, NotPositive> {
                if number > 0 { Ok(Self(number)) } else { Err(NotPositive) }
            }
        }

        impl From<$name> for i64 {
            fn from(number: $name) -> i64 {
                number.0
            }
        }

        impl FromStr for $name {
            type Err = NotPositive;

            /// Reads a string of digits: no sign, no blanks.
            fn from_str(text: &str) -> Result<Self, NotPositive> {
                if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(NotPositive);
                }
                text.parse::<i64>().map_err(|_| NotPositive)?.try_into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

/// Why a number names nothing: it is not a positive 64-bit integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 9223372036854775807")]
pub struct NotPositive;

positive_number! {
    /// The number of an organisation: the tenant that everything belongs to.
    OrgId
}
positive_number! {
    /// The number of an API client, taken from the sequence of all [actors](crate::actor::Actor).
    ClientNumber
}
positive_number! {
    /// The number of an operator, taken from the sequence of all [actors](crate::actor::Actor).
    OperatorNumber
}
positive_number! {
    /// The number of a customer within an organisation.
    CustomerId
}
positive_number! {
    /// The number of a badge within an organisation (wire: `badgeNumericId`): 1, 2, 3 … in the order of
    /// creation, and never used again.
    BadgeNumber
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_either_case_and_writes_lower_case() {
        let id: BadgeId = "66276DC68FE258516A88FF8E".parse().unwrap();
        assert_eq!(id.to_string(), "66276dc68fe258516a88ff8e");
    }

    #[test]
    fn an_id_of_another_length_or_alphabet_is_malformed() {
        for text in [
            "",
            "8",
            "66276dc68fe258516a88ff8",
            "66276dc68fe258516a88ff8e0",
            "g6276dc68fe258516a88ff8e",
        ] {
            assert_eq!(text.parse::<ObjectId>(), Err(MalformedId), "{text:?}");
        }
    }

    #[test]
    fn a_block_ends_where_the_counter_ends() {
        let last: ObjectId = "66276dc68fe258516affffff".parse().unwrap();
        assert_eq!(IdBlock::new(last, 1).and_then(|b| b.get(0)), Some(last));
        assert_eq!(IdBlock::new(last, 2), None);
    }

    #[test]
    fn a_customer_number_is_positive_and_fits_64_bits() {
        assert_eq!(
            "62090013".parse::<CustomerId>().map(CustomerId::get),
            Ok(62_090_013)
        );
        for text in ["0", "-1", "+1", "1.0", " 1", "9223372036854775808", ""] {
            assert_eq!(text.parse::<CustomerId>(), Err(NotPositive), "{text:?}");
        }
    }
}
