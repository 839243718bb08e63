//! What an org can have approved, and the table of the names.

use crate::numbered::numbered;
use crate::operator::Permission;

numbered! {
    /// What an org can have approved.
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    pub enum RuledOperation {
        /// To replace the definition of a badge that is live.
        UpdateBadge = 1, "UPDATE_BADGE";
        /// To turn a badge off.
        DeactivateBadge = 2, "DEACTIVATE_BADGE";
        /// To enrol customers.
        Enrol = 3, "ENROL";
        /// To let customers earn.
        Earn = 4, "EARN";
        /// To revoke enrolments or earned badges.
        Revoke = 5, "REVOKE";
        /// To take earned badges over from elsewhere.
        Import = 6, "IMPORT";
        /// To start a job, whatever its rows ask for.
        Job = 7, "JOB";
        /// To make two customers one.
        Merge = 8, "MERGE";
        /// To forget a customer.
        Erase = 9, "ERASE";
        /// To create an API client, or to change its bounds.
        Client = 10, "CLIENT";
        /// To create, change or delete a webhook.
        Webhook = 11, "WEBHOOK";
        /// To change these rules.
        Rules = 12, "RULES";
    }
}

impl RuledOperation {
    /// Whether a command of it is about customers or rows that can be counted, so that few of them may
    /// pass.
    pub const fn has_rows(self) -> bool {
        matches!(
            self,
            Self::Enrol | Self::Earn | Self::Revoke | Self::Import | Self::Job
        )
    }

    /// What an operator must be permitted to ask for it; `None` where the console has no page for it.
    pub const fn permission(self) -> Option<Permission> {
        match self {
            Self::UpdateBadge | Self::DeactivateBadge => Some(Permission::Define),
            Self::Enrol | Self::Earn | Self::Revoke => Some(Permission::Serve),
            Self::Job => Some(Permission::RunJobs),
            Self::Client => Some(Permission::Clients),
            Self::Webhook => Some(Permission::Webhooks),
            Self::Rules => Some(Permission::Rules),
            Self::Import | Self::Merge | Self::Erase => None,
        }
    }
}
