//! Approvals: commands that wait for other people's votes before they are carried out.
//!
//! An org's [rules](ApprovalRules) say which [operations](RuledOperation) wait, and for how many
//! approvals. What waits is a [`Change`]: somebody made it, others [vote](Change::vote) on it, and the
//! last approval has it carried out. Who votes is a [principal](Principal), whichever client or login she
//! comes with: nobody votes on what is her own, or twice.

mod change;
mod id;
mod operation;
mod principal;
mod rules;
#[cfg(test)]
mod tests;

pub use change::{Change, ChangeState, Decision, Tally, Vote};
pub use id::{ChangeId, MalformedChangeId};
pub use operation::RuledOperation;
pub use principal::Principal;
pub use rules::{ApprovalRules, Approvals, Demand, ExpiresAfter, Rule};
