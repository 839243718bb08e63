//! The ports that are said once for both databases, over what each says its own way.

mod directory;
mod earning;
mod enrolments;
mod events;
mod expiries;
mod housekeeping;
mod leases;

pub(crate) use directory::{DirectorySql, IdentifierKey};
pub(crate) use housekeeping::{HousekeepingSql, NOTE_COUNTS};
pub(crate) use leases::{LeaseSql, NewTerm, TakenRow};
