//! What an operation answers, in the words of the domain.
//!
//! An answer is a plain value that can be stored: a request that is repeated
//! under its idempotency key, or asked for by its request id, gets the very
//! same one again, with the statuses of the moment at which it was executed.

use std::fmt;

use accolade_domain::actor::Actor;
use accolade_domain::approval::ApprovalRules;
use accolade_domain::badge::Badge;
use accolade_domain::catalogue::{CustomField, Group};
use accolade_domain::enrolment::CustomerOutcome;
use accolade_domain::identifier::IdentifierKind;
use accolade_domain::ids::{
    BadgeId, BadgeNumber, CustomerId, EarnedBadgeId, EnrolmentId, OrgId, WebhookId,
};
use accolade_domain::instant::Instant;
use accolade_domain::job::{Job, JobId};
use accolade_domain::owner::Owner;
use accolade_domain::people::Person;
use accolade_domain::rejection::Rejection;
use accolade_domain::text::{Name, RequestId};
use accolade_domain::webhook::{HeaderName, WebhookSettings, WebhookState};
use serde::{Deserialize, Serialize};

use crate::access::ClientView;
use crate::approvals::{ChangeView, HeldAnswer};
use crate::ports::AttemptResult;

/// The answer of an operation that writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Customers were enrolled.
    Enrolment(EnrolmentAnswer),
    /// Customers earned a badge.
    Earned(EarnAnswer),
    /// An earned badge was revoked.
    EarnRevoked {
        /// The badge.
        badge: BadgeId,
        /// Whose it was.
        customer: CustomerId,
        /// Which.
        earned: EarnedBadgeId,
    },
    /// Enrolments were revoked.
    EnrolmentsRevoked {
        /// The badge.
        badge: BadgeId,
        /// One outcome for each enrolment or refused target.
        outcomes: Vec<RevokedEnrolment>,
        /// Customers whose identifier nobody has, refused with 1026.
        unknown: Vec<UnknownCustomer>,
        /// The caller's id of the request, if it sent one.
        request_id: Option<RequestId>,
    },
    /// Earned badges were imported: one outcome for each element.
    Imported {
        /// The id of the request.
        request_id: RequestId,
        /// In the order of the request.
        outcomes: Vec<Imported>,
    },
    /// A group was created, changed or removed.
    Group(Group),
    /// A custom field was created.
    CustomFieldCreated(CustomField),
    /// A custom field was changed. Earlier releases kept this of created ones too.
    CustomField(CustomField),
    /// The directory knows these customers now.
    Directory(DirectoryAnswer),
    /// A badge was created.
    BadgeCreated(Box<BadgeView>),
    /// A badge was revised. Earlier releases kept this of created ones too.
    Badge(Box<BadgeView>),
    /// A badge was claimed.
    Claimed {
        /// The badge.
        badge: BadgeId,
        /// Who has claimed it.
        owner: Owner,
    },
    /// A claim was taken back.
    Unclaimed {
        /// Whose claim it was.
        owner: Owner,
    },
    /// A badge was activated or deactivated.
    Activity {
        /// The badge.
        badge: BadgeId,
        /// Whether it is on now.
        active: bool,
    },
    /// A webhook was created or changed.
    Webhook(Box<WebhookView>),
    /// A webhook was deleted.
    WebhookDeleted(WebhookId),
    /// Events are sent to a webhook again.
    WebhookResent(WebhookId),
    /// A webhook was tried out.
    WebhookTested {
        /// The id of the event that it was sent.
        event: String,
        /// How it went.
        result: AttemptResult,
    },
    /// A job was created, started or cancelled.
    Job(Box<JobView>),
    /// A part of a job's file was stored.
    JobPart {
        /// The job.
        job: JobId,
        /// The number of the part.
        part: u32,
    },
    /// A job was deleted.
    JobDeleted(JobId),
    /// A request of a job was refused as a whole, and nothing is ever executed under its id. It is in
    /// the ledger for that, and shown to nobody: who asks for it finds no request that was carried out.
    NotExecuted(Vec<Rejection>),
    /// Everything of the first customer is the second's.
    CustomersMerged {
        /// The first.
        from: CustomerId,
        /// The second.
        to: CustomerId,
    },
    /// A customer was forgotten.
    CustomerErased(CustomerId),
    /// What was answered about a customer who was forgotten since: nothing of it is left.
    Forgotten,
    /// The command waits for approval.
    Held(HeldAnswer),
    /// Somebody has voted on a change, or taken it back.
    Change(Box<ChangeView>),
    /// The same, as clients of the request workflow know it; or it was handed in by one of them.
    Request(Box<ChangeView>),
    /// The rules for approval were replaced.
    ApprovalRules(ApprovalRules),
    /// An API client was created or changed.
    Client(Box<ClientView>),
}

/// A job as it looks at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobView {
    /// The job.
    pub job: Job,
    /// How many rows a second were carried out since it began.
    pub rows_per_second: Option<u64>,
    /// When it ends if it goes on like that.
    pub estimated_end: Option<Instant>,
}

impl Answer {
    /// The answer as it may be kept, to be given again: without what is shown once.
    pub(crate) fn without_secrets(&self) -> Self {
        let mut kept = self.clone();
        match &mut kept {
            Self::Webhook(webhook) => webhook.secret = None,
            Self::Client(client) => client.secret = None,
            _ => {}
        }
        kept
    }

    /// The answer without what it says of `person`; `None` if it says nothing of her.
    pub fn without(&self, person: &Person) -> Option<Self> {
        let has = |customer: &CustomerId| person.has_number(*customer);
        let without = match self {
            Self::Enrolment(answer) => {
                let (outcomes, unknown) =
                    left_of(&answer.outcomes, &answer.unknown, person, |it| it.customer)?;
                Self::Enrolment(EnrolmentAnswer {
                    outcomes,
                    unknown,
                    ..answer.clone()
                })
            }
            Self::Earned(answer) => {
                let (outcomes, unknown) =
                    left_of(&answer.outcomes, &answer.unknown, person, |it| it.customer)?;
                if answer.single && outcomes.len() < answer.outcomes.len() {
                    return Some(Self::Forgotten);
                }
                Self::Earned(EarnAnswer {
                    outcomes,
                    unknown,
                    ..answer.clone()
                })
            }
            Self::EnrolmentsRevoked {
                badge,
                outcomes,
                unknown,
                request_id,
            } => {
                let (outcomes, unknown) = left_of(outcomes, unknown, person, |it| it.customer)?;
                Self::EnrolmentsRevoked {
                    badge: *badge,
                    outcomes,
                    unknown,
                    request_id: request_id.clone(),
                }
            }
            Self::Imported {
                request_id,
                outcomes,
            } => {
                let is_of = |it: &Imported| matches!(it, Imported::Recorded { customer, .. } if has(customer));
                if !outcomes.iter().any(is_of) {
                    return None;
                }
                let left = outcomes.iter().map(|it| {
                    if is_of(it) {
                        Imported::Forgotten
                    } else {
                        it.clone()
                    }
                });
                Self::Imported {
                    request_id: request_id.clone(),
                    outcomes: left.collect(),
                }
            }
            Self::Directory(answer) => {
                let left = answer.without(person)?;
                if answer.single && left.entries.is_empty() {
                    return Some(Self::Forgotten);
                }
                Self::Directory(left)
            }
            Self::Change(change) => Self::Change(Box::new(change.without(person)?)),
            Self::Request(change) => Self::Request(Box::new(change.without(person)?)),
            Self::EarnRevoked { customer, .. } if has(customer) => Self::Forgotten,
            Self::CustomersMerged { from, to } if has(from) || has(to) => Self::Forgotten,
            Self::CustomerErased(customer) if has(customer) => Self::Forgotten,
            // Each by its name, so that whoever adds an answer decides whether it names a customer.
            Self::EarnRevoked { .. }
            | Self::CustomersMerged { .. }
            | Self::CustomerErased(_)
            | Self::Group(_)
            | Self::CustomFieldCreated(_)
            | Self::CustomField(_)
            | Self::BadgeCreated(_)
            | Self::Badge(_)
            | Self::Claimed { .. }
            | Self::Unclaimed { .. }
            | Self::Activity { .. }
            | Self::Webhook(_)
            | Self::WebhookDeleted(_)
            | Self::WebhookResent(_)
            | Self::WebhookTested { .. }
            | Self::Job(_)
            | Self::JobPart { .. }
            | Self::JobDeleted(_)
            | Self::NotExecuted(_)
            | Self::Forgotten
            | Self::Held(_)
            | Self::ApprovalRules(_)
            | Self::Client(_) => return None,
        };
        Some(without)
    }
}

/// What is left of outcomes and unknown customers without those of `person`, the unknown at their
/// places; `None` if nothing is of hers.
fn left_of<T: Clone>(
    outcomes: &[T],
    unknown: &[UnknownCustomer],
    person: &Person,
    customer: impl Fn(&T) -> CustomerId,
) -> Option<(Vec<T>, Vec<UnknownCustomer>)> {
    let is_of = |it: &T| person.has_number(customer(it));
    let hers: Vec<_> = (outcomes.iter().enumerate())
        .filter(|(_, it)| is_of(it))
        .map(|(position, _)| position)
        .collect();
    let is_called = |it: &UnknownCustomer| person.is_called(&it.identifier);
    if hers.is_empty() && !unknown.iter().any(is_called) {
        return None;
    }
    let left = outcomes.iter().filter(|it| !is_of(it)).cloned().collect();
    Some((left, UnknownCustomer::closed_up(unknown, &hers, is_called)))
}

impl DirectoryAnswer {
    /// The same without `person` and what she is called; `None` if there is nothing of hers.
    fn without(&self, person: &Person) -> Option<Self> {
        let mut left = self.clone();
        left.entries.retain(|it| !person.has_number(it.customer));
        for entry in &mut left.entries {
            for (kind, text) in [
                (IdentifierKind::Email, &mut entry.email),
                (IdentifierKind::Mobile, &mut entry.mobile),
                (IdentifierKind::ExternalId, &mut entry.external_id),
                (IdentifierKind::CardNumber, &mut entry.card_number),
            ] {
                text.take_if(|text| person.has_identifier(kind, text.as_str()));
            }
        }
        (left != *self).then_some(left)
    }
}

/// A webhook as it looks at one moment: without the values of its headers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookView {
    /// Its id.
    pub id: WebhookId,
    /// The org whose events it gets.
    pub org: OrgId,
    /// What it wants, and how.
    pub settings: WebhookSettings,
    /// The names of its fixed headers.
    pub headers: Vec<HeaderName>,
    /// Whether anything is sent to it.
    pub state: WebhookState,
    /// Since when nothing succeeds; `None` while it does.
    pub failing_since: Option<Instant>,
    /// All events up to this position are done with.
    pub position: i64,
    /// How many events are behind that.
    pub lag: u64,
    /// When it was created.
    pub created_on: Instant,
    /// By whom.
    pub created_by: Actor,
    /// When it was last changed.
    pub updated_on: Instant,
    /// By whom.
    pub updated_by: Actor,
    /// The public key that verifies its signatures, if they have one.
    pub public_key: Option<String>,
    /// Its secret, where it is new. It is not kept: an answer that is given again has none.
    #[serde(skip)]
    pub secret: Option<ShownSecret>,
}

/// A secret that is shown once. It is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ShownSecret(String);

impl ShownSecret {
    /// The secret with this text.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the answer.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ShownSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShownSecret(…)")
    }
}

/// A customer who was named by an identifier that nobody has. Personal data: not printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownCustomer {
    /// Where it stands in the answer, among those that are known.
    pub position: u32,
    /// The identifier, as sent.
    pub identifier: String,
}

impl UnknownCustomer {
    /// Those of `unknown` whom nobody means by `is_gone`, at their places once the known customers at
    /// the positions `gone`, which rise, are left out too.
    pub fn closed_up(
        unknown: &[Self],
        gone: &[usize],
        is_gone: impl Fn(&Self) -> bool,
    ) -> Vec<Self> {
        let mut left: Vec<Self> = Vec::with_capacity(unknown.len());
        for (before, it) in unknown.iter().enumerate() {
            if is_gone(it) {
                continue;
            }
            let known_before = (it.position as usize).saturating_sub(before);
            let gone_before = gone.partition_point(|position| *position < known_before);
            let position = known_before - gone_before + left.len();
            left.push(Self {
                position: u32::try_from(position).unwrap_or(u32::MAX),
                identifier: it.identifier.clone(),
            });
        }
        left
    }
}

impl fmt::Debug for UnknownCustomer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnknownCustomer({})", self.position)
    }
}

/// What became of a request to enrol customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentAnswer {
    /// The badge.
    pub badge: BadgeId,
    /// Who triggered it; `None` if it was done by hand.
    pub triggered_by: Option<Owner>,
    /// When enrolments of this request expire.
    pub expires_on: Instant,
    /// One outcome for each distinct customer, in the order of the request.
    pub outcomes: Vec<CustomerOutcome>,
    /// Customers whose identifier nobody has, refused with 1026.
    pub unknown: Vec<UnknownCustomer>,
    /// The id of the request: the caller's, or the one made for it.
    pub request_id: RequestId,
}

/// What became of a request to earn: of one customer, or of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarnAnswer {
    /// Whether it was a request for one customer, which is answered in a shape of its own.
    pub single: bool,
    /// The badge.
    pub badge: BadgeId,
    /// Who triggered it; `None` if it was done by hand.
    pub triggered_by: Option<Owner>,
    /// When earns of this request expire.
    pub expires_on: Instant,
    /// When they were fulfilled.
    pub event_on: Instant,
    /// One outcome for each distinct customer, in the order of the request.
    pub outcomes: Vec<CustomerEarn>,
    /// Customers whose identifier nobody has, refused with 1026.
    pub unknown: Vec<UnknownCustomer>,
    /// The id of the request.
    pub request_id: RequestId,
    /// The moment that statuses refer to.
    pub now: Instant,
}

/// What became of one customer of a request to earn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerEarn {
    /// The customer.
    pub customer: CustomerId,
    /// What became of it.
    pub outcome: EarnOutcome,
}

/// Whether a customer earned a badge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EarnOutcome {
    /// Earned, with this id, by virtue of this enrolment.
    Earned(EarnedBadgeId, Option<EnrolmentId>),
    /// Refused: 811, 817 or 818.
    Refused(Rejection),
    /// A dry run: the customer would earn, by virtue of this enrolment.
    WouldEarn(Option<EnrolmentId>),
}

/// What became of one enrolment that was to be revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedEnrolment {
    /// Whose it is.
    pub customer: CustomerId,
    /// Which; `None` if the customer has none.
    pub enrolment: Option<EnrolmentId>,
    /// Why it was not revoked, if it was not.
    pub refused: Option<Rejection>,
}

/// What became of one element of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Imported {
    /// It was recorded.
    Recorded {
        /// The badge.
        badge: BadgeId,
        /// The customer.
        customer: CustomerId,
        /// The id of the earned badge.
        earned: EarnedBadgeId,
        /// When it expires.
        expires_on: Instant,
    },
    /// It was refused.
    Refused(Vec<Rejection>),
    /// It was about a customer who was forgotten since.
    Forgotten,
}

/// Directory entries as they are answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryAnswer {
    /// Whether it was a request for one customer.
    pub single: bool,
    /// Customers and what was sent of each, as the caller is told.
    pub entries: Vec<DirectoryEcho>,
}

/// One customer's identifiers, as sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryEcho {
    /// The customer.
    pub customer: CustomerId,
    /// An e-mail address.
    pub email: Option<Name>,
    /// A telephone number.
    pub mobile: Option<Name>,
    /// The id of another system.
    pub external_id: Option<Name>,
    /// The number of a card.
    pub card_number: Option<Name>,
}

impl fmt::Debug for DirectoryEcho {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DirectoryEcho({})", self.customer)
    }
}

/// How often a badge was given: what is revoked does not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadgeCounts {
    /// Enrolments (wire: `issuedCount`).
    pub issued: u64,
    /// Earned badges (wire: `earnedCount`).
    pub earned: u64,
}

/// A badge as it looks at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadgeView {
    /// The badge.
    pub badge: Badge,
    /// Its number within the org; `None` until a new badge is recorded, and in answers of the first
    /// release, which are given again as they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<BadgeNumber>,
    /// Its group, if it has one that is active.
    pub group: Option<Group>,
    /// How often it was given.
    pub counts: BadgeCounts,
    /// When the badge can last be earned, which ends its fixed windows; `None` if never.
    pub earning_ends_on: Option<Instant>,
    /// The moment that statuses refer to.
    pub now: Instant,
}
