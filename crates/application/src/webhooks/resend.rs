//! Events that are to be sent again.

use accolade_domain::event::Position;
use accolade_domain::ids::WebhookId;
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Rejection;

use super::{found, no_such_webhook, refused};
use crate::answer::Answer;
use crate::approvals::Approval;
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{Ports, Resend, ResendWhat};
use crate::request::Request;

/// The most events that one request may have sent again, of those that were delivered too.
const MOST_RESENT: i64 = 100_000;

/// Which events are to be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stretch {
    /// Those at these positions.
    Positions(Vec<Position>),
    /// Those that were recorded from one moment, until another or now.
    Recorded {
        /// From when on.
        from: Instant,
        /// Until before when; `None`: until now.
        until: Option<Instant>,
    },
}

/// Has events sent again, in any state of the webhook. Those that it is not done with come anyway,
/// and what the feed does not keep any more, or what the webhook does not want, is not sent.
///
/// Refused with 1962; 1963 if more than 100 000 events would wait to be sent then; 400 for more than
/// 100 000 events, unless only those are asked for that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResendEvents {
    /// The webhook.
    pub webhook: WebhookId,
    /// Which events.
    pub stretch: Stretch,
    /// Only those that were given up or wait for a retry.
    pub only_failed: bool,
}

impl Command for ResendEvents {
    const APPROVAL: Approval<Self> =
        Approval::Exempt("the receiver was to have these events before");

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let (now, caller) = (ports.clock.now(), &request.caller);
        let stored = found(ports, caller, self.webhook)?;
        let what = match self.stretch {
            Stretch::Positions(positions) => ResendWhat::Positions(positions),
            Stretch::Recorded { from, until } => {
                let events = &ports.stores.events;
                let after = events.before(caller.org, from)?;
                let until = match until {
                    Some(until) => events.before(caller.org, until)?,
                    None => events.newest(caller.org)?,
                };
                let many = until.get().saturating_sub(after.get()) > MOST_RESENT;
                if many && !self.only_failed {
                    let message = format!(
                        "Has more than {MOST_RESENT} events. Ask for a part of them, or for those \
                         only that failed."
                    );
                    return Err(Rejection::unreadable(message).at_field("from").into());
                }
                ResendWhat::Range(after, until)
            }
        };
        let resend = Resend {
            org: caller.org,
            webhook: stored.webhook.id,
            what,
            only_failed: self.only_failed,
            now,
        };
        // How many they are is known only when it is done, and a repeated request is told the same.
        let answer = Answer::WebhookResent(self.webhook);
        let record = request.record(&answer);
        match ports.stores.webhooks.resend(&resend, record.as_ref()) {
            Ok(_) => Ok(answer),
            // It was deleted meanwhile.
            Err(error) => Err(refused(error).unwrap_or_else(|| no_such_webhook().into())),
        }
    }
}
