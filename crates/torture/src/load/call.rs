//! One request that writes, which can be sent again and again.

use accolade_tests::{Org, Request};
use serde_json::Value;

/// What is asked for, as far as it matters for what must be there in the end.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    /// Customers are to be enrolled for a badge.
    Enrol { badge: String },
    /// One customer is to earn a badge.
    Earn { badge: String, customer: i64 },
    /// Customers are to earn a badge.
    EarnAll { badge: String },
    /// What customers earned elsewhere is to be entered.
    Import { badge: String },
    /// An earned badge is to be revoked.
    RevokeEarn { id: String },
    /// Enrolments are to be revoked.
    RevokeEnrolments,
    /// A badge is to be created.
    CreateBadge,
    /// The writer's badge is to be called this.
    UpdateBadge { description: String },
    /// The writer's badge is to be on or off.
    Switch { active: bool },
    /// The writer's badge is to be claimed, or no more, by this reference.
    Claim { reference: i64, active: bool },
    /// A group is to be created.
    CreateGroup,
    /// A group is to have this rank.
    RankGroup { id: String, rank: i64 },
    /// A custom field is to be created.
    CreateField,
    /// A customer is to have an e-mail address.
    Register { customer: i64, email: String },
    /// What is the first customer's is to be the second's.
    Merge { from: i64, to: i64 },
    /// A customer is to be erased.
    Erase { customer: i64 },
    /// A webhook is to be created.
    CreateWebhook,
    /// A webhook is to be called this.
    UpdateWebhook { id: String, description: String },
    /// A job is to be carried out.
    Job { id: String, rows: usize },
}

impl Wish {
    /// What of it is counted.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Enrol { .. } => "done: issueBulk",
            Self::Earn { .. } => "done: earn",
            Self::EarnAll { .. } => "done: earnBulk",
            Self::Import { .. } => "done: imports",
            Self::RevokeEarn { .. } => "done: revokeEarn",
            Self::RevokeEnrolments => "done: revokeIssue",
            Self::CreateBadge => "done: badges created",
            Self::UpdateBadge { .. } => "done: badges updated",
            Self::Switch { .. } => "done: badges turned on or off",
            Self::Claim { .. } => "done: claims and unclaims",
            Self::CreateGroup | Self::RankGroup { .. } => "done: groups",
            Self::CreateField => "done: custom fields",
            Self::Register { .. } => "done: customers registered",
            Self::Merge { .. } => "done: customers merged",
            Self::Erase { .. } => "done: customers erased",
            Self::CreateWebhook | Self::UpdateWebhook { .. } => "done: webhooks",
            Self::Job { .. } => "done: jobs",
        }
    }
}

/// What a request has to say besides its path.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Nothing,
    Json(Value),
    File(String),
}

/// A request, under a key of its own.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) wish: Wish,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) body: Body,
    pub(crate) key: String,
    /// The id under which the ledger has it, if it has it.
    pub(crate) id: Option<String>,
    /// Whom it names.
    pub(crate) customers: Vec<i64>,
    /// With which codes it may be refused.
    pub(crate) refusals: &'static [u64],
}

impl Call {
    /// The request, to be sent on that way.
    pub(crate) fn request<'o>(&self, org: &'o Org) -> Request<'o> {
        let request = org.request(self.method, &self.path).may_fail();
        let request = match &self.body {
            Body::Nothing => request,
            Body::Json(body) => request.json(body),
            Body::File(file) => request
                .bytes(file.clone().into_bytes())
                .header("Content-Type", "text/csv"),
        };
        if self.has_key() {
            request.header("Idempotency-Key", &self.key)
        } else {
            request
        }
    }

    /// Whether its answer is remembered under its key.
    pub(crate) fn has_key(&self) -> bool {
        self.method != "DELETE"
    }

    /// Whether the answer that is remembered is that of the first time, to the byte: a secret is told
    /// only once.
    pub(crate) fn is_replayed_whole(&self) -> bool {
        self.has_key() && !matches!(self.wish, Wish::CreateWebhook)
    }
}
