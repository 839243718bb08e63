//! Approvals: commands that wait for other people's votes before they are carried out.
//!
//! The one place where a command is held is the door that every command goes through
//! ([`execute`](crate::execute())): what it names as its [`Approval`] is looked up in the rules of the org
//! (`admit`), and where a rule says so, the command is kept instead of run (`submit`). The last
//! vote runs it through the same use case, as whoever made it, in the transaction of the vote (`vote`).
//!
//! An org without rules pays nothing for them. Enrolments and earns are let through by rules that were
//! read before ([`KnownRules`]), and the statement that looks at the versions of badges when they are
//! recorded looks at that of the rules too: who was let through by others is asked again. It looks as well
//! whether anything of the org waits, with or without a rule: only then the request ids are looked for among
//! what does.

mod admit;
mod basis;
mod command;
mod effect;
mod expire;
mod held;
mod known;
mod list;
mod rules;
mod submit;
mod view;
mod vote;
mod withdraw;
mod workflow;

pub use admit::change_pending;
pub use basis::Basis;
pub use command::{Approval, RuledCommand, Subject};
pub use effect::Effect;
pub use expire::expire_changes;
pub use held::HeldCommand;
pub use known::KnownRules;
pub use list::{ChangeList, change, changes, request, requests};
pub use rules::{PutApprovalRules, rules};
pub use view::{ChangeView, HeldAnswer, VoteView, may_vote};
pub use vote::CastVote;
pub use withdraw::WithdrawChange;
pub use workflow::{DecideRequest, SubmitRequest, unknown_request};

pub(crate) use admit::{admit, passes};

use accolade_domain::approval::ChangeId;
use accolade_domain::rejection::{Code, Rejection};

/// 1962: there is no such change in the org.
pub fn no_such_change() -> Rejection {
    Rejection::new(Code::NothingLikeThat).with_message("Change not found. Check the id.")
}

/// The change that `id` names.
///
/// # Errors
/// 1962 if it names none.
pub fn change_id(id: &str) -> Result<ChangeId, Rejection> {
    id.parse().map_err(|_| no_such_change())
}
