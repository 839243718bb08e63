//! A change: what becomes of it by votes and by time.

use super::{Approvals, ChangeId, Principal, RuledOperation};
use crate::actor::Actor;
use crate::ids::OrgId;
use crate::instant::Instant;
use crate::numbered::numbered;
use crate::rejection::{Code, Rejection};
use crate::text::Reason;

numbered! {
    /// What has become of a change.
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    pub enum ChangeState {
        /// It waits for votes.
        Pending = 1, "PENDING";
        /// It was approved and carried out.
        Approved = 2, "APPROVED";
        /// Somebody has rejected it.
        Rejected = 3, "REJECTED";
        /// Whoever made it has taken it back.
        Withdrawn = 4, "WITHDRAWN";
        /// Nobody decided it in time.
        Expired = 5, "EXPIRED";
        /// It was approved, and could not be carried out any more.
        Failed = 6, "FAILED";
    }
}

/// What somebody says of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Decision {
    /// That it may be carried out.
    Approved,
    /// That it may not.
    Rejected,
}

impl Decision {
    /// Both.
    pub const ALL: &[Self] = &[Self::Approved, Self::Rejected];

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
        }
    }
}

/// One vote on a change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Vote {
    /// Who has voted.
    pub actor: Actor,
    /// What.
    pub decision: Decision,
    /// Why, if she says so.
    pub comment: Option<Reason>,
    /// When.
    pub voted_on: Instant,
}

/// What follows from a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tally {
    /// The change waits for further approvals.
    Waits,
    /// It has all that it needs: it is to be carried out.
    Approved,
    /// It is rejected.
    Rejected,
}

/// A command that waits, or waited, for votes. What it is to do is not the rules' concern.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Change {
    /// The org.
    pub org: OrgId,
    /// Its id.
    pub id: ChangeId,
    /// What it does.
    pub operation: RuledOperation,
    /// What has become of it, as far as it was written down.
    pub state: ChangeState,
    /// Who made it, and as whom it is carried out.
    pub maker: Actor,
    /// When it was made.
    pub created_on: Instant,
    /// When it expires if nobody has decided it.
    pub expires_on: Instant,
    /// How many approvals it needs.
    pub approvals: Approvals,
    /// The votes, in the order in which they were cast.
    pub votes: Vec<Vote>,
    /// When it was decided, withdrawn or over; `None` while it waits.
    pub ended_on: Option<Instant>,
}

impl Change {
    /// What has become of it at `now`: one that nobody decided in time is over, whether or not anybody
    /// has written that down.
    pub fn state_at(&self, now: Instant) -> ChangeState {
        if self.state == ChangeState::Pending && self.expires_on <= now {
            ChangeState::Expired
        } else {
            self.state
        }
    }

    /// The same change as it is at `now`.
    #[must_use]
    pub fn at(mut self, now: Instant) -> Self {
        let state = self.state_at(now);
        if state != self.state {
            self.ended_on = Some(self.expires_on);
            self.state = state;
        }
        self
    }

    /// How many have approved it.
    pub fn approved(&self) -> usize {
        let approved = |it: &&Vote| it.decision == Decision::Approved;
        self.votes.iter().filter(approved).count()
    }

    /// Whether somebody who is `voter` may vote on it at `now`.
    ///
    /// # Errors
    /// 1963 if it does not wait any more, or she has voted; 1966 if she has made it.
    pub fn check_vote(
        &self,
        voter: &Principal,
        now: Instant,
        principal: impl Fn(Actor) -> Principal,
    ) -> Result<(), Rejection> {
        self.check_pending(now)?;
        if principal(self.maker) == *voter {
            return Err(Rejection::new(Code::ApprovalByMaker));
        }
        if self.votes.iter().any(|it| principal(it.actor) == *voter) {
            let message = "You have voted on this change. Others have to decide it.";
            return Err(Rejection::new(Code::NotInState).with_message(message));
        }
        Ok(())
    }

    /// The change with `vote`, and what follows from it; `principal` says who stands behind an actor. One
    /// rejection ends it.
    ///
    /// # Errors
    /// Those of [`check_vote`](Self::check_vote).
    pub fn vote(
        &self,
        vote: Vote,
        principal: impl Fn(Actor) -> Principal,
    ) -> Result<(Self, Tally), Rejection> {
        self.check_vote(&principal(vote.actor), vote.voted_on, principal)?;
        let mut after = self.clone();
        let (decision, on) = (vote.decision, vote.voted_on);
        after.votes.push(vote);
        Ok(match decision {
            Decision::Rejected => (after.ended(ChangeState::Rejected, on), Tally::Rejected),
            Decision::Approved if after.approved() < usize::from(after.approvals.get()) => {
                (after, Tally::Waits)
            }
            Decision::Approved => (after.ended(ChangeState::Approved, on), Tally::Approved),
        })
    }

    /// The change once its maker has taken it back at `now`.
    ///
    /// # Errors
    /// 1931 if `by` has not made it; 1963 if it does not wait any more.
    pub fn withdrawn(
        &self,
        by: &Principal,
        now: Instant,
        principal: impl Fn(Actor) -> Principal,
    ) -> Result<Self, Rejection> {
        if principal(self.maker) != *by {
            let message = "Only who made the change can withdraw it. Reject it instead.";
            return Err(Rejection::new(Code::Forbidden).with_message(message));
        }
        self.check_pending(now)?;
        Ok(self.ended(ChangeState::Withdrawn, now))
    }

    /// The change once it is over, if it is at `now` and nobody has written that down.
    pub fn expired(&self, now: Instant) -> Option<Self> {
        let is_over = self.state_at(now) == ChangeState::Expired;
        (is_over && self.state == ChangeState::Pending)
            .then(|| self.ended(ChangeState::Expired, self.expires_on))
    }

    /// The change once it has ended so.
    #[must_use]
    pub fn ended(&self, state: ChangeState, on: Instant) -> Self {
        Self {
            state,
            ended_on: Some(on),
            ..self.clone()
        }
    }

    fn check_pending(&self, now: Instant) -> Result<(), Rejection> {
        match self.state_at(now) {
            ChangeState::Pending => Ok(()),
            state => {
                let message = format!("The change is {} already.", state.name());
                Err(Rejection::new(Code::NotInState).with_message(message))
            }
        }
    }
}
