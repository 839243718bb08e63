//! Turning a badge on and off.

use accolade_domain::approval::RuledOperation;
use accolade_domain::badge::Badge;
use accolade_domain::ids::BadgeId;
use accolade_domain::instant::Instant;
use serde::{Deserialize, Serialize};

use crate::access::Caller;
use crate::answer::Answer;
use crate::approvals::Approval;
use crate::badges::edit::{BadgeChange, Decision, edit};
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{BadgeEdit, Ports};
use crate::request::Request;

/// Turns a badge on or off; to do what is done already changes nothing. Once this has turned it off
/// and returned, nothing is recorded for it any more.
///
/// Refused with 404 if there is no such badge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetActivity {
    /// The badge.
    pub badge: BadgeId,
    /// Whether it is to be on.
    pub active: bool,
}

impl Command for SetActivity {
    const APPROVAL: Approval<Self> =
        Approval::Ruled(RuledOperation::DeactivateBadge, |it| Ok(it.into()));

    const HAS_DRY_RUN: bool = true;

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        edit(ports, request, &self)
    }
}

impl BadgeChange for SetActivity {
    fn badge(&self) -> BadgeId {
        self.badge
    }

    fn decide(
        &self,
        _: &Ports,
        _: &Caller,
        badge: &Badge,
        _: Instant,
    ) -> Result<Decision, UseCaseError> {
        let active = self.active;
        Ok(Decision {
            edit: (badge.active != active).then_some(BadgeEdit::Activity(active)),
            warning: None,
            answer: Answer::Activity {
                badge: self.badge,
                active,
            },
        })
    }
}
