//! What an org can have approved, and the table of the names.

use crate::operator::Permission;

macro_rules! operations {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal, $has_rows:literal;)+) => {
        /// What an org can have approved.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub enum RuledOperation {
            $($(#[$doc])* $variant = $number,)+
        }

        impl RuledOperation {
            /// Every operation.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The spelling on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The number under which it is stored; never reused, never changed.
            pub const fn number(self) -> i16 {
                self as i16
            }

            /// The operation stored under `number`.
            pub const fn from_number(number: i16) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }

            /// Whether a command of it is about customers or rows that can be counted, so that few of
            /// them may pass.
            pub const fn has_rows(self) -> bool {
                match self { $(Self::$variant => $has_rows),+ }
            }
        }
    };
}

operations! {
    /// To replace the definition of a badge that is live.
    UpdateBadge = 1, "UPDATE_BADGE", false;
    /// To turn a badge off.
    DeactivateBadge = 2, "DEACTIVATE_BADGE", false;
    /// To enrol customers.
    Enrol = 3, "ENROL", true;
    /// To let customers earn.
    Earn = 4, "EARN", true;
    /// To revoke enrolments or earned badges.
    Revoke = 5, "REVOKE", true;
    /// To take earned badges over from elsewhere.
    Import = 6, "IMPORT", true;
    /// To start a job, whatever its rows ask for.
    Job = 7, "JOB", true;
    /// To make two customers one.
    Merge = 8, "MERGE", false;
    /// To forget a customer.
    Erase = 9, "ERASE", false;
    /// To create an API client, or to change its bounds.
    Client = 10, "CLIENT", false;
    /// To create, change or delete a webhook.
    Webhook = 11, "WEBHOOK", false;
    /// To change these rules.
    Rules = 12, "RULES", false;
}

impl RuledOperation {
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
