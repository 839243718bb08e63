//! The numbers under which words of jobs are stored: never reused, never changed.

use super::{JobFormat, JobOperation, JobState};

macro_rules! numbers {
    ($Word:ident: $($variant:ident = $number:literal,)+) => {
        impl $Word {
            /// The number under which it is stored; never reused, never changed.
            pub const fn number(self) -> i16 {
                match self { $(Self::$variant => $number),+ }
            }

            /// The one that is stored under `number`.
            pub const fn from_number(number: i16) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

macro_rules! names_as_serde {
    ($($Word:ident),+) => {
        $(
            #[cfg(feature = "serde")]
            impl serde::Serialize for $Word {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str(self.name())
                }
            }

            #[cfg(feature = "serde")]
            impl<'de> serde::Deserialize<'de> for $Word {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                    let found = Self::ALL.iter().copied().find(|it| it.name() == name);
                    found.ok_or_else(|| serde::de::Error::custom(format!("there is no {name:?}")))
                }
            }
        )+
    };
}

numbers! {
    JobOperation:
    Enrol = 1,
    Earn = 2,
    RevokeEnrolments = 3,
    RevokeEarns = 4,
    Import = 5,
    Customers = 6,
}

numbers! {
    JobFormat:
    Csv = 1,
    Ndjson = 2,
}

numbers! {
    JobState:
    Open = 1,
    Queued = 2,
    Running = 3,
    Cancelling = 4,
    Cancelled = 5,
    Completed = 6,
    Failed = 7,
}

names_as_serde!(JobOperation, JobFormat, JobState);
