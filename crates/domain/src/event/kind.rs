//! The kinds of events, and the table of their names.

use crate::numbered::numbered;

numbered! {
    /// What kind of thing happened. On the wire its type is its name behind `accolade.`.
    pub enum EventKind {
        /// A customer was enrolled for a badge.
        EnrolmentCreated = 1, "enrolment.created";
        /// An enrolment was revoked.
        EnrolmentRevoked = 2, "enrolment.revoked";
        /// An enrolment that nobody had revoked expired.
        EnrolmentExpired = 3, "enrolment.expired";
        /// A customer earned a badge.
        EarnCreated = 4, "earn.created";
        /// An earned badge was taken over from elsewhere.
        EarnImported = 5, "earn.imported";
        /// An earned badge was revoked.
        EarnRevoked = 6, "earn.revoked";
        /// An earned badge that nobody had revoked expired.
        EarnExpired = 7, "earn.expired";
        /// An earn took the last place under a limit.
        LimitReached = 8, "limit.reached";
        /// A badge was created.
        BadgeCreated = 9, "badge.created";
        /// The definition of a badge was replaced.
        BadgeUpdated = 10, "badge.updated";
        /// A badge was turned on.
        BadgeActivated = 11, "badge.activated";
        /// A badge was turned off.
        BadgeDeactivated = 12, "badge.deactivated";
        /// A module claimed a badge.
        BadgeClaimed = 13, "badge.claimed";
        /// A module took its claim back.
        BadgeUnclaimed = 14, "badge.unclaimed";
        /// A webhook was disabled because nothing could be delivered.
        WebhookDisabled = 15, "webhook.disabled";
        /// A job has ended.
        JobFinished = 18, "job.finished";
        /// A command waits for approval.
        ChangeSubmitted = 20, "change.submitted";
        /// A change was approved and carried out.
        ChangeApproved = 21, "change.approved";
        /// Somebody has rejected a change.
        ChangeRejected = 22, "change.rejected";
        /// Who made a change has taken it back.
        ChangeWithdrawn = 23, "change.withdrawn";
        /// Nobody decided a change in time.
        ChangeExpired = 24, "change.expired";
        /// A change was approved, and could not be carried out any more.
        ChangeFailed = 25, "change.failed";
        /// Two customers became one.
        CustomerMerged = 16, "customer.merged";
        /// A customer was forgotten.
        CustomerErased = 17, "customer.erased";
    }
}

impl EventKind {
    /// What every type on the wire begins with.
    pub const PREFIX: &'static str = "accolade.";

    /// The kind with this type on the wire, with or without its prefix.
    ///
    /// ```
    /// use accolade_domain::event::EventKind;
    ///
    /// assert_eq!(EventKind::from_name("accolade.earn.created"), Some(EventKind::EarnCreated));
    /// assert_eq!(EventKind::from_name("earn.created"), Some(EventKind::EarnCreated));
    /// assert_eq!(EventKind::from_name("earn"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.strip_prefix(Self::PREFIX).unwrap_or(name);
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for EventKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for EventKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        Self::from_name(&name)
            .ok_or_else(|| serde::de::Error::custom(format!("there is no event {name}")))
    }
}
