//! A change as it looks.

use std::collections::{BTreeSet, HashMap};

use accolade_domain::actor::Actor;
use accolade_domain::approval::{
    Change, ChangeId, ChangeState, Decision, Principal, RuledOperation,
};
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_domain::people::Person;
use accolade_domain::text::Reason;
use serde::{Deserialize, Serialize};

use super::{Effect, HeldCommand};
use crate::error::UseCaseError;
use crate::ports::{ActorRecord, Ports, StoredChange};

/// What is answered to who sent a command that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldAnswer {
    /// The change that it became.
    pub change: ChangeId,
    /// What it does.
    pub operation: RuledOperation,
    /// When it expires if nobody has decided it.
    pub expires_on: Instant,
}

impl HeldAnswer {
    /// That of `change`.
    pub(super) const fn of(change: &Change) -> Self {
        Self {
            change: change.id,
            operation: change.operation,
            expires_on: change.expires_on,
        }
    }
}

/// A change as it looks at one moment. No secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeView {
    /// Its id.
    pub id: ChangeId,
    /// What it does.
    pub operation: RuledOperation,
    /// What has become of it.
    pub state: ChangeState,
    /// Who made it.
    pub maker: ActorRecord,
    /// When.
    pub created_on: Instant,
    /// When it expires if nobody has decided it.
    pub expires_on: Instant,
    /// When it was decided, withdrawn or over.
    pub ended_on: Option<Instant>,
    /// How many approvals it needs.
    pub approvals: u8,
    /// The votes, in the order in which they were cast.
    pub votes: Vec<VoteView>,
    /// What it is to do; `None` once it was about customers who were forgotten.
    pub command: Option<HeldCommand>,
    /// What it would have done when it was made.
    pub then: Option<Effect>,
    /// What it would do now, while it waits.
    pub now: Option<Effect>,
    /// What came of it when it was carried out.
    pub result: Option<Effect>,
}

/// A vote as it looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteView {
    /// Who has voted.
    pub actor: ActorRecord,
    /// What.
    pub decision: Decision,
    /// Why, if it was said.
    pub comment: Option<Reason>,
    /// When.
    pub voted_on: Instant,
}

impl ChangeView {
    /// How `stored` looks at `now`.
    pub(super) fn new(stored: &StoredChange, actors: &KnownActors, now: Instant) -> Self {
        let change = stored.change.clone().at(now);
        let votes = change.votes.into_iter().map(|vote| VoteView {
            actor: actors.record(vote.actor),
            decision: vote.decision,
            comment: vote.comment,
            voted_on: vote.voted_on,
        });
        Self {
            id: change.id,
            operation: change.operation,
            state: change.state,
            maker: actors.record(change.maker),
            created_on: change.created_on,
            expires_on: change.expires_on,
            ended_on: change.ended_on,
            approvals: change.approvals.get(),
            votes: votes.collect(),
            command: stored.command.as_ref().map(HeldCommand::without_secrets),
            then: stored.then.clone(),
            now: None,
            result: stored.result.clone(),
        }
    }

    /// What is left of it without `person`; `None` if it says nothing of her.
    pub(crate) fn without(&self, person: &Person) -> Option<Self> {
        let mut left = self.clone();
        let of = |effect: &mut Option<Effect>| {
            if let Some(without) = effect.as_ref().and_then(|it| it.without(person)) {
                *effect = Some(without);
            }
        };
        [&mut left.then, &mut left.now, &mut left.result]
            .into_iter()
            .for_each(of);
        if let Some(command) = self.command.as_ref().and_then(|it| it.without(person)) {
            left.command = command;
            if left.command.is_none() {
                left.votes.iter_mut().for_each(|it| it.comment = None);
            }
        }
        (left != *self).then_some(left)
    }
}

/// Whether `actor` may vote on the change that looks like this, as far as that can be seen.
pub fn may_vote(change: &ChangeView, actor: &ActorRecord) -> bool {
    let voter = actor.principal();
    change.state == ChangeState::Pending
        && change.maker.principal() != voter
        && change.votes.iter().all(|it| it.actor.principal() != voter)
}

/// Who actors are, looked up at once.
pub(super) struct KnownActors(HashMap<Actor, ActorRecord>);

impl KnownActors {
    /// Those who made these changes and voted on them, and `others`.
    ///
    /// # Errors
    /// The store failed.
    pub(super) fn of<'a>(
        ports: &Ports,
        org: OrgId,
        changes: impl IntoIterator<Item = &'a Change>,
        others: &[Actor],
    ) -> Result<Self, UseCaseError> {
        let mut actors: BTreeSet<_> = others.iter().copied().collect();
        for change in changes {
            actors.insert(change.maker);
            actors.extend(change.votes.iter().map(|it| it.actor));
        }
        actors.remove(&Actor::SYSTEM);
        let actors: Vec<_> = actors.into_iter().collect();
        let found = if actors.is_empty() {
            Vec::new()
        } else {
            ports.stores.actors.find_all(org, &actors)?
        };
        let found = found.into_iter().map(|record| (record.actor(), record));
        Ok(Self(found.collect()))
    }

    /// Who `actor` is. Actors are never deleted, so one that was not found is the system.
    pub(super) fn record(&self, actor: Actor) -> ActorRecord {
        let found = self.0.get(&actor);
        found.cloned().unwrap_or(ActorRecord::System)
    }

    /// Who stands behind `actor`.
    pub(super) fn principal(&self, actor: Actor) -> Principal {
        match self.0.get(&actor) {
            Some(record) => record.principal(),
            None => Principal::Alone(actor),
        }
    }
}
