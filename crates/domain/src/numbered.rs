//! Words that are stored under numbers and spelt on the wire: one table for each.

/// An enum from a table of its variants, their numbers and their spellings.
macro_rules! numbered {
    (
        $(#[$meta:meta])*
        pub enum $Word:ident {
            $($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal;)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $Word {
            $($(#[$doc])* $variant = $number,)+
        }

        impl $Word {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The spelling on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The number under which it is stored; never reused, never changed.
            pub const fn number(self) -> i16 {
                self as i16
            }

            /// The one that is stored under `number`.
            pub const fn from_number(number: i16) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

pub(crate) use numbered;
