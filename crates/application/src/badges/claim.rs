//! Claiming a badge, and taking a claim back.

use accolade_domain::badge::Badge;
use accolade_domain::ids::BadgeId;
use accolade_domain::instant::Instant;
use accolade_domain::owner::{Claim, Owner};
use accolade_domain::rejection::{Code, Rejection};

use crate::access::Caller;
use crate::answer::Answer;
use crate::approvals::Approval;
use crate::badges::edit::{BadgeChange, Decision, edit};
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{BadgeEdit, Ports};
use crate::request::Request;

/// Claims a badge; to claim what is claimed already changes nothing, and is warned of with 900.
///
/// Refused with 404; 714 if the badge is not restricted to this owner; 1901 if it is deactivated; 1906
/// if it has as many active claims as it may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimBadge {
    /// The badge.
    pub badge: BadgeId,
    /// Who claims it.
    pub owner: Owner,
}

/// Takes a claim back. Once this has returned, nothing is recorded by virtue of it.
///
/// Refused with 404; 737 if there is no such active claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnclaimBadge {
    /// The badge.
    pub badge: BadgeId,
    /// Whose claim it is.
    pub owner: Owner,
}

impl Command for ClaimBadge {
    const APPROVAL: Approval<Self> =
        Approval::Exempt("modules claim badges by themselves, as programs of theirs run");

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        edit(ports, request, &self)
    }
}

impl Command for UnclaimBadge {
    const APPROVAL: Approval<Self> =
        Approval::Exempt("modules claim badges by themselves, as programs of theirs run");

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        edit(ports, request, &self)
    }
}

impl BadgeChange for ClaimBadge {
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
        let is_new = badge.may_be_claimed_by(&self.owner)?;
        Ok(Decision {
            edit: is_new.then(|| claim(&self.owner, true)),
            warning: (!is_new).then(|| Rejection::new(Code::ClaimedAlready)),
            answer: Answer::Claimed {
                badge: self.badge,
                owner: self.owner.clone(),
            },
        })
    }
}

impl BadgeChange for UnclaimBadge {
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
        badge.may_be_unclaimed_by(&self.owner)?;
        Ok(Decision {
            edit: Some(claim(&self.owner, false)),
            warning: None,
            answer: Answer::Unclaimed {
                owner: self.owner.clone(),
            },
        })
    }
}

fn claim(owner: &Owner, active: bool) -> BadgeEdit {
    BadgeEdit::Claim(Claim {
        owner: owner.clone(),
        active,
    })
}
