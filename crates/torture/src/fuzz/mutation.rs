//! How inputs are changed.

use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::{Index, select};

/// Words that mean something to some parser.
const WORDS: &[&str] = &[
    "null",
    "true",
    "0",
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "1e400",
    "0.0000001",
    "1713860055000",
    "\"\"",
    "{}",
    "[]",
    "[[[[[[[[",
    "{\"a\":",
    "\\u0000",
    "\\ud800",
    "\u{0}",
    "\u{feff}",
    "\u{10ffff}",
    "e\u{301}",
    "\u{202e}",
    "2024-02-29T23:59:60Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "2024-04-23T13:44:15+05:30",
    "-W01-1T00Z",
    "66276dc68fe258516a88ff8e",
    "66276DC68FE258516A88FF8E",
    "+91 98765 43210",
    "0091-98765",
    "Asia/Kolkata",
    "Loyalty",
    "%00",
    "%F0%9F%8F%85",
    "%",
    "&",
    "=",
    "+",
    ",",
    "\"",
    "\r\n",
    "\n",
    "\"\"\"",
    "customerId",
    "badgeMetaId",
    "latest",
    "AQAAAAAAAYhqAAAAAAAAACo",
    "https://[::ffff:127.0.0.1]/",
];

/// One change of an input.
#[derive(Debug, Clone)]
pub(super) enum Mutation {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, Index),
    Double(Index, Index),
    Cut(Index),
}

pub(super) fn mutation() -> impl Strategy<Value = Mutation> {
    let word = select(WORDS).prop_map(|word| word.as_bytes().to_vec());
    let byte = any::<u8>().prop_map(|byte| vec![byte]);
    prop_oneof![
        3 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        4 => (any::<Index>(), prop_oneof![3 => word, 1 => byte])
            .prop_map(|(at, word)| Mutation::Insert(at, word)),
        3 => any::<(Index, Index)>().prop_map(|(from, to)| Mutation::Remove(from, to)),
        1 => any::<(Index, Index)>().prop_map(|(from, to)| Mutation::Double(from, to)),
        1 => any::<Index>().prop_map(Mutation::Cut),
    ]
}

impl Mutation {
    pub(super) fn change(&self, input: &mut Vec<u8>) {
        let len = input.len();
        // What is taken out or doubled is short: much of a long input stays.
        let range = |from: &Index, to: &Index| {
            let from = from.index(len + 1);
            from..(from + to.index(24)).min(len)
        };
        match self {
            Self::Set(at, byte) => {
                if !input.is_empty() {
                    input[at.index(len)] = *byte;
                }
            }
            Self::Insert(at, word) => {
                let at = at.index(len + 1);
                input.splice(at..at, word.iter().copied());
            }
            Self::Remove(from, to) => {
                input.drain(range(from, to));
            }
            Self::Double(from, to) => {
                let range = range(from, to);
                let part = input[range.clone()].to_vec();
                input.splice(range.end..range.end, part);
            }
            Self::Cut(at) => input.truncate(at.index(len + 1)),
        }
    }
}
