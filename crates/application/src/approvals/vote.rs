//! Voting on a change, and carrying it out.

use accolade_domain::approval::{Change, ChangeId, ChangeState, Decision, Tally, Vote};
use accolade_domain::audit::{Entry, telling};
use accolade_domain::event::ChangeFact;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::Reason;

use super::effect::Effect;
use super::view::KnownActors;
use super::{Approval, ChangeView, HeldCommand, no_such_change};
use crate::access::Caller;
use crate::answer::Answer;
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{ActorRecord, Ports, SaveChange, SaveChangeError, StoredChange};
use crate::request::Request;
use crate::together::together;
use crate::webhooks::with_checked_receiver;

/// Votes on a change. The last approval that it needs has it carried out as its maker, in the transaction
/// of the vote, after all of its checks were made again; what fails as a whole makes it FAILED.
///
/// Refused with 1962; 1963 if the change does not wait any more, or she has voted on it; 1966 if she has
/// made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CastVote {
    /// The change.
    pub change: ChangeId,
    /// Whether it may be carried out.
    pub decision: Decision,
    /// Why, if it is said.
    pub comment: Option<Reason>,
}

impl Command for CastVote {
    const APPROVAL: Approval<Self> = Approval::Exempt("a vote is what changes wait for");

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let vote = (self.change, self.decision, self.comment);
        cast(ports, request, vote, Answer::Change)
    }
}

/// How what has become of a change is answered.
pub(super) type Shape = fn(Box<ChangeView>) -> Answer;

/// Casts a vote on a change.
///
/// # Errors
/// Those of [`CastVote`].
pub(super) fn cast(
    ports: &Ports,
    request: &Request,
    (id, decision, comment): (ChangeId, Decision, Option<Reason>),
    shape: Shape,
) -> Result<Answer, UseCaseError> {
    let vote = Vote {
        actor: request.caller.actor,
        decision,
        comment,
        voted_on: ports.clock.now(),
    };
    let org = request.caller.org;
    let found = ports.stores.changes.change(org, id)?;
    let found = found.ok_or_else(no_such_change)?;
    // Name servers are asked before anything waits for the transaction.
    let ports = with_checked_receiver(ports, found.command.as_ref());
    let voting = |ports: &Ports| {
        let voting = Voting {
            ports,
            request,
            vote: &vote,
            shape,
        };
        voting.cast(id)
    };
    together(
        &ports,
        voting,
        |_| true,
        |stores| {
            let change = stores.changes.lock_change(org, id)?;
            // What was said beside it may have been forgotten by what it has carried out.
            let is_this = |it: &Vote| (it.actor, it.voted_on) == (vote.actor, vote.voted_on);
            Ok(change.is_some_and(|it| it.change.votes.iter().any(is_this)))
        },
    )
}

/// A vote that is being cast, inside its transaction.
struct Voting<'v> {
    ports: &'v Ports,
    request: &'v Request,
    vote: &'v Vote,
    shape: Shape,
}

impl Voting<'_> {
    fn cast(&self, id: ChangeId) -> Result<Answer, UseCaseError> {
        let org = self.request.caller.org;
        let stored = self.ports.stores.changes.lock_change(org, id)?;
        let stored = stored.ok_or_else(no_such_change)?;
        let change = &stored.change;
        let actors = KnownActors::of(self.ports, org, [change], &[self.vote.actor])?;
        let (after, tally) = change.vote(self.vote.clone(), |it| actors.principal(it))?;
        match tally {
            Tally::Waits => self.save(&actors, stored.clone(), after, None, Key::Kept),
            Tally::Rejected => {
                let told = ChangeFact::of(&after, None);
                self.save(&actors, stored.clone(), after, Some(told), Key::Kept)
            }
            Tally::Approved => self.carry_out(&actors, &stored, after),
        }
    }

    /// Has the change carried out, which has become `approved`; what fails as a whole leaves nothing but
    /// that it has failed.
    fn carry_out(
        &self,
        actors: &KnownActors,
        stored: &StoredChange,
        approved: Change,
    ) -> Result<Answer, UseCaseError> {
        let is_over = self.may_no_more(&actors.record(stored.change.maker), stored)?;
        let carried_out = together(
            self.ports,
            |ports| {
                let voting = Voting { ports, ..*self };
                // What has been approved is told before what comes of it.
                let told = Some(ChangeFact::of(&approved, None));
                voting.save(actors, stored.clone(), approved.clone(), told, Key::Later)?;
                voting.run(stored, is_over)
            },
            |effect| matches!(effect, Effect::Answer { .. }),
            |_| Ok(false),
        )?;
        let (org, id) = (stored.change.org, stored.change.id);
        // It may have forgotten whom it was about.
        let current = self.ports.stores.changes.change(org, id)?;
        let mut current = current.ok_or_else(no_such_change)?;
        let is_answered = matches!(carried_out, Effect::Answer { .. });
        current.result = Some(carried_out);
        if is_answered {
            let after = current.change.clone();
            return self.write(actors, current, after, None, Key::Kept, Vec::new());
        }
        let failed = Change {
            state: ChangeState::Failed,
            ..approved
        };
        let by = self.request.attribution(self.vote.voted_on);
        let entries = vec![
            telling::change_voted(&stored.change, &stored.change, self.vote, &by),
            telling::change_failed(&stored.change, &by),
        ];
        let told = Some(ChangeFact::of(&failed, None));
        self.write(actors, current, failed, told, Key::Kept, entries)
    }

    /// Whether `maker` may not do any more what she has asked for: she is let in no more, or has lost the
    /// role for it.
    fn may_no_more(
        &self,
        maker: &ActorRecord,
        stored: &StoredChange,
    ) -> Result<bool, UseCaseError> {
        if maker.is_over(self.vote.voted_on) {
            return Ok(true);
        }
        let permission = stored.change.operation.permission();
        let (ActorRecord::Operator { login, .. }, Some(permission)) = (maker, permission) else {
            return Ok(false);
        };
        let known = self.ports.stores.operators.operator(login)?;
        Ok(known.is_none_or(|it| !it.operator.roles.may(permission)))
    }

    /// Runs the command as its maker.
    fn run(&self, stored: &StoredChange, is_over: bool) -> Result<Effect, UseCaseError> {
        let mut request = maker_request(self.request, stored);
        let refused = |rejection: Rejection| Ok(Effect::Refused(vec![rejection]));
        let Some(command) = &stored.command else {
            let message =
                "Whom it was about was forgotten since. There is nothing left to be done.";
            return refused(Rejection::new(Code::Stale).with_message(message));
        };
        if is_over {
            let message =
                "Who made the change may do nothing any more: somebody else has to make it.";
            return refused(Rejection::new(Code::Forbidden).with_message(message));
        }
        let done = (stored.basis.check(self.ports, &request.caller, command))
            .and_then(|()| command.clone().run(self.ports, &mut request))
            .and_then(|answer| {
                let basis = &stored.basis;
                basis.check_once_done(self.ports, &request.caller, command)?;
                Ok(answer)
            });
        match done {
            Ok(answer) => Ok(Effect::Answer {
                answer: Box::new(kept(command, &answer)),
                warnings: request.warnings,
                recorded: true,
            }),
            Err(UseCaseError::Refused(problems)) => Ok(Effect::Refused(problems)),
            Err(error) => Err(error),
        }
    }

    /// Saves the change as it is `after` the vote.
    fn save(
        &self,
        actors: &KnownActors,
        stored: StoredChange,
        after: Change,
        told: Option<ChangeFact>,
        key: Key,
    ) -> Result<Answer, UseCaseError> {
        let by = self.request.attribution(self.vote.voted_on);
        let entry = telling::change_voted(&stored.change, &after, self.vote, &by);
        self.write(actors, stored, after, told, key, vec![entry])
    }

    fn write(
        &self,
        actors: &KnownActors,
        mut stored: StoredChange,
        after: Change,
        told: Option<ChangeFact>,
        key: Key,
        entries: Vec<Entry>,
    ) -> Result<Answer, UseCaseError> {
        stored.change = after;
        let now = self.vote.voted_on;
        let answer = (self.shape)(Box::new(ChangeView::new(&stored, actors, now)));
        save(
            self.ports,
            &SaveChange {
                after: stored,
                told,
                now,
                idempotency: match key {
                    Key::Kept => self.request.record(&answer),
                    Key::Later => None,
                },
                entries,
            },
        )?;
        Ok(answer)
    }
}

/// Whether what is answered is kept under the key of the vote by this save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Kept,
    Later,
}

/// Saves what somebody decided who has the change locked.
fn save(ports: &Ports, save: &SaveChange) -> Result<(), UseCaseError> {
    match ports.stores.changes.save_change(save) {
        Ok(()) => Ok(()),
        Err(SaveChangeError::IdempotencyKeyUsed) => Err(UseCaseError::IdempotencyKeyUsed),
        Err(SaveChangeError::Changed) => Err(UseCaseError::overtaken("a change")),
        Err(SaveChangeError::Store(error)) => Err(error.into()),
    }
}

/// The answer as it is kept with the change: without secrets, and without whom it has forgotten.
fn kept(command: &HeldCommand, answer: &Answer) -> Answer {
    match command {
        HeldCommand::Erase(_) => Answer::Forgotten,
        _ => answer.without_secrets(),
    }
}

/// The request as which a change is carried out: its maker's.
pub(super) fn maker_request(request: &Request, stored: &StoredChange) -> Request {
    let caller = Caller {
        actor: stored.change.maker,
        groups: stored.groups,
        ..request.caller.clone()
    };
    Request {
        tag: request.tag.clone(),
        basis: stored.basis.tag().map(str::to_owned),
        ..Request::new(caller)
    }
}
