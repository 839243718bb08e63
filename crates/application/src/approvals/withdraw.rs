//! Taking a change back.

use accolade_domain::approval::ChangeId;
use accolade_domain::audit::telling;
use accolade_domain::event::ChangeFact;
use accolade_domain::text::Reason;

use super::view::KnownActors;
use super::{Approval, ChangeView, no_such_change};
use crate::answer::Answer;
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{Ports, SaveChange, SaveChangeError, StoredChange};
use crate::request::Request;
use crate::turns::MOST_ROUNDS;

/// Takes a change back that waits.
///
/// Refused with 1962; 1931 if somebody else has made it; 1963 if it does not wait any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithdrawChange {
    /// The change.
    pub change: ChangeId,
    /// Why, if it is said.
    pub comment: Option<Reason>,
}

impl Command for WithdrawChange {
    const APPROVAL: Approval<Self> = Approval::Exempt("it ends what waits, and does nothing else");

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let (org, actor) = (request.caller.org, request.caller.actor);
        for _ in 0..MOST_ROUNDS {
            let found = ports.stores.changes.change(org, self.change)?;
            let stored = found.ok_or_else(no_such_change)?;
            let actors = KnownActors::of(ports, org, [&stored.change], &[actor])?;
            let now = ports.clock.now();
            let principal = |it| actors.principal(it);
            let after = stored.change.withdrawn(&principal(actor), now, principal)?;
            let by = request.attribution(now);
            let comment = self.comment.as_ref();
            let entry = telling::change_withdrawn(&stored.change, &after, comment, &by);
            let told = ChangeFact::of(&after, comment);
            let stored = StoredChange {
                change: after,
                ..stored
            };
            let answer = Answer::Change(Box::new(ChangeView::new(&stored, &actors, now)));
            let saved = ports.stores.changes.save_change(&SaveChange {
                after: stored,
                told: Some(told),
                now,
                idempotency: request.record(&answer),
                entries: vec![entry],
            });
            match saved {
                Ok(()) => return Ok(answer),
                Err(SaveChangeError::Changed) => {}
                Err(SaveChangeError::IdempotencyKeyUsed) => {
                    return Err(UseCaseError::IdempotencyKeyUsed);
                }
                Err(SaveChangeError::Store(error)) => return Err(error.into()),
            }
        }
        Err(UseCaseError::overtaken(format_args!(
            "change {}",
            self.change
        )))
    }
}
