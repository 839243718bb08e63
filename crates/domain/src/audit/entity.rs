//! What an entry is about: the kinds of things, and the table of their names.

use crate::approval::ChangeId;
use crate::ids::{
    BadgeId, ClientNumber, CustomFieldId, CustomerId, EarnedBadgeId, EnrolmentId, GroupId,
    OperatorNumber, OrgId, WebhookId,
};
use crate::job::JobId;
use crate::numbered::numbered;
use crate::text::RequestId;

/// The table of kinds, and which id each has.
macro_rules! entity_kinds {
    ($($(#[$doc:meta])* $variant:ident($Id:ty) = $number:literal, $name:literal;)+) => {
        numbered! {
            /// What kind of thing an entry is about.
            pub enum EntityKind {
                $($(#[$doc])* $variant = $number, $name;)+
            }
        }

        $(impl From<$Id> for Entity {
            fn from(id: $Id) -> Self {
                Self { kind: EntityKind::$variant, id: id.to_string() }
            }
        })+
    };
}

/// One thing that was changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entity {
    kind: EntityKind,
    id: String,
}

impl Entity {
    /// The thing of this kind that was stored under this id.
    pub const fn from_stored(kind: EntityKind, id: String) -> Self {
        Self { kind, id }
    }

    /// What kind of thing it is.
    pub const fn kind(&self) -> EntityKind {
        self.kind
    }

    /// Its id or number, as the API shows it.
    pub fn id(&self) -> &str {
        &self.id
    }
}

entity_kinds! {
    /// A badge.
    Badge(BadgeId) = 1, "BADGE";
    /// A group of badges.
    Group(GroupId) = 2, "GROUP";
    /// A custom field.
    CustomField(CustomFieldId) = 3, "CUSTOM_FIELD";
    /// A customer of the directory.
    Customer(CustomerId) = 4, "CUSTOMER";
    /// An enrolment.
    Enrolment(EnrolmentId) = 5, "ENROLMENT";
    /// An earned badge.
    Earn(EarnedBadgeId) = 6, "EARN";
    /// A request that took earned badges over from elsewhere.
    Import(RequestId) = 7, "IMPORT";
    /// An API client.
    Client(ClientNumber) = 8, "CLIENT";
    /// A webhook.
    Webhook(WebhookId) = 9, "WEBHOOK";
    /// A job.
    Job(JobId) = 10, "JOB";
    /// An operator.
    Operator(OperatorNumber) = 11, "OPERATOR";
    // 12 and 13 were never used.
    /// The rules of the org that say what waits for approval.
    ApprovalRules(OrgId) = 14, "APPROVAL_RULES";
    /// A command that waits for approval.
    Change(ChangeId) = 15, "CHANGE";
}
