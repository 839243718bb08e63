//! Which entries tell of an org's rules for approval, and of what waits by them.

use super::{Action, Attribution, Change, Entry, State};
use crate::approval::{self, ApprovalRules, ChangeState, Decision, Vote};
use crate::ids::OrgId;
use crate::text::Reason;

fn told(
    change: &approval::Change,
    by: &Attribution,
    action: Action,
    what: Change,
    comment: Option<&Reason>,
) -> Entry {
    Entry::new(change.org, by, change.id, action, what).with_reason(comment)
}

fn between(before: ChangeState, after: ChangeState) -> Change {
    if before == after {
        Change::default()
    } else {
        Change::between(State::ChangeState(before), State::ChangeState(after))
    }
}

/// The org's rules were replaced; nothing if they are the same.
pub fn rules_replaced(
    org: OrgId,
    before: &ApprovalRules,
    after: &ApprovalRules,
    by: &Attribution,
) -> Option<Entry> {
    let states = (before.clone(), after.clone());
    let change = Change::between(
        State::ApprovalRules(states.0),
        State::ApprovalRules(states.1),
    );
    (before != after).then(|| Entry::new(org, by, org, Action::Update, change))
}

/// A command was handed in for approval.
pub fn change_submitted(change: &approval::Change, by: &Attribution) -> Entry {
    let what = Change::to(State::Change(change.operation));
    told(change, by, Action::Submit, what, None)
}

/// Somebody has voted on a change, which has become `after` by that.
pub fn change_voted(
    before: &approval::Change,
    after: &approval::Change,
    vote: &Vote,
    by: &Attribution,
) -> Entry {
    let action = match vote.decision {
        Decision::Approved => Action::Approve,
        Decision::Rejected => Action::Reject,
    };
    let what = between(before.state, after.state);
    told(before, by, action, what, vote.comment.as_ref())
}

/// A change had all its approvals and could not be carried out any more.
pub fn change_failed(change: &approval::Change, by: &Attribution) -> Entry {
    let what = between(ChangeState::Pending, ChangeState::Failed);
    told(change, by, Action::Fail, what, None)
}

/// Who made a change has taken it back.
pub fn change_withdrawn(
    before: &approval::Change,
    after: &approval::Change,
    comment: Option<&Reason>,
    by: &Attribution,
) -> Entry {
    let what = between(before.state, after.state);
    told(before, by, Action::Withdraw, what, comment)
}

/// Nobody decided a change in time.
pub fn change_expired(before: &approval::Change, by: &Attribution) -> Entry {
    let what = between(ChangeState::Pending, ChangeState::Expired);
    told(before, by, Action::Expire, what, None)
}
