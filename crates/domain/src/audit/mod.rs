//! The audit trail: who changed what, in the words of the domain.
//!
//! An [`Entry`] tells one change of one thing: by whom, when, in which request, and what was and is.
//! Entries are only ever added, in the transaction of what they tell; what changed nothing has none.
//! [`telling`] says which entries tell of a change. No secret and no identifier of a customer is in
//! an entry: of such a value only [the name of its field](HiddenField).

mod action;
mod entity;
mod entry;
mod state;
mod tag;
pub mod telling;
mod telling_of_approvals;
mod telling_of_jobs;
mod telling_of_operators;
mod telling_of_webhooks;

pub use action::Action;
pub use entity::{Entity, EntityKind};
pub use entry::{Attribution, Entry, EntryId, NotAnEntryId};
pub use state::{BadgeState, Change, ClaimState, ClientState, HiddenField, OperatorState, State};
pub use tag::{NotATag, RequestTag};
