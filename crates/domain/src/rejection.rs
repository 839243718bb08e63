//! The one table of codes: every way in which Accolade says no, or warns.
//!
//! A [`Code`] has a number, an HTTP status and a standing message. A
//! [`Rejection`] is one of them said about a field of a request; the same
//! shape carries warnings.

use std::fmt;
use std::iter;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $status:literal, $message:literal;)+) => {
        /// A reason to refuse a request, to fail one customer of a batch, or to warn.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $variant,)+
        }

        impl Code {
            /// Every code, in the order of the numbers.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The number on the wire.
            pub const fn number(self) -> u32 {
                match self { $(Self::$variant => $number),+ }
            }

            /// The HTTP status of a response whose first error this is; 200 for
            /// warnings and for what befalls one customer of a batch.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status),+ }
            }

            /// What is said where there is nothing more precise to say.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message),+ }
            }

            /// The code with this number.
            pub const fn from_number(number: u32) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }

            /// The name of the code in this table, as documents show it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),+ }
            }
        }
    };
}

codes! {
    /// What cannot be read: malformed JSON, a wrong type, a word that is none of the allowed ones,
    /// a number out of range, a missing field that has no code of its own.
    Unreadable = 400, 400, "The request cannot be read.";
    /// The badge, enrolment or request does not exist in this org.
    NotFound = 404, 404, "Badge meta not found. Check the id.";
    /// The owner is not among those that the badge is restricted to.
    OwnerNotAllowed = 714, 400, "Owner type is not allowed.";
    /// `triggeredBy` or a claim without an owner type.
    OwnerTypeMissing = 716, 400, "Owner type is mandatory.";
    /// `triggeredBy` or a claim without a reference.
    ReferenceMissing = 717, 400, "Reference id is mandatory.";
    /// The badge's start is not before its end.
    StartNotBeforeEnd = 720, 400, "Start date must be before the end date.";
    /// The badge starts in the past (or, migrating, more than 100 years ago).
    StartInPast = 722, 400, "Start Date cannot be past date";
    /// The start of a live or ended badge does not change.
    StartFixedOnceLive = 723, 400, "The start date of a badge that is live or has ended cannot be changed.";
    /// The badge ends in the past.
    EndInPast = 724, 400, "End Date cannot be past date";
    /// Another badge of the org has this name.
    NameTaken = 725, 400, "Badge name cannot be duplicate";
    /// A badge without owners.
    OwnerRequired = 728, 400, "Atleast one owner is required";
    /// An owner with an active claim cannot be taken off the badge.
    OwnerHasClaim = 729, 400, "An owner with an active claim cannot be removed. Take its claims back first.";
    /// A group without a rank.
    GroupRankRequired = 732, 400, "Rank is mandatory for a group.";
    /// Another active group of the org has this name.
    GroupNameTaken = 733, 400, "An active group of this name exists. Choose another name.";
    /// There is no such active claim to take back.
    ClaimNotFound = 737, 400, "There is no active claim of this owner and reference.";
    /// Another active custom field of the org has this name.
    CustomFieldNameTaken = 741, 400, "An active custom field of this name exists. Choose another name.";
    /// A mandatory custom field needs a default of its type.
    CustomFieldDefaultRequired = 742, 400, "A mandatory custom field needs a default value of its data type.";
    /// The data type of a custom field never changes.
    CustomFieldTypeFixed = 743, 400, "The data type of a custom field cannot be changed.";
    /// A disabled custom field stays disabled.
    CustomFieldDisabled = 744, 400, "The custom field is disabled and stays so. Create a new one.";
    /// The value of a custom field has another type.
    CustomFieldValueType = 745, 400, "The value is not of the custom field's data type.";
    /// A custom field that the org does not have.
    CustomFieldUnknown = 746, 400, "The organisation has no custom field of this name.";
    /// The event lies more than 24 hours ahead.
    EarnInFuture = 750, 400, "Earn event date cannot be more than 24 hours in the future.";
    /// Earning and importing need an id of the request.
    RequestIdMissing = 804, 400, "Request id is mandatory.";
    /// The request id was executed before.
    RequestIdUsed = 809, 400, "Request with the same requestId is not allowed";
    /// No active claim of the owner and reference.
    ClaimFirst = 810, 409, "The badge is not claimed by this owner and reference. Claim the badge first.";
    /// No enrolment of the customer covers the event date.
    NotEnrolled = 811, 409, "The customer is not enrolled for the badge on the event date. Enrol the customer first.";
    /// No customers in the request.
    CustomerMissing = 812, 400, "At least one customer is required.";
    /// The customer has no such active earned badge.
    NoActiveEarn = 814, 409, "The customer has no active earned badge with this id.";
    /// The badge has not started.
    NotLive = 815, 400, "The badge is not live yet.";
    /// The event date lies outside the badge's period.
    EventOutsidePeriod = 816, 400, "Event date is not in duration of badge meta. Pass the issue event date.";
    /// A limit of the customer is reached.
    CustomerLimitReached = 817, 400, "The customer has reached a limit of the badge.";
    /// A limit of the badge is reached.
    BadgeLimitReached = 818, 400, "The badge has reached one of its limits.";
    /// The kind of a constraint stays once the badge is live.
    ConstraintKindFixed = 826, 400, "The kind of a constraint cannot be changed once the badge is live.";
    /// The owner has claimed the badge before, with the same reference.
    ClaimedAlready = 900, 200, "The badge is claimed by this owner and reference already. Nothing has changed.";
    /// No customer of the org has this identifier.
    IdentifierUnknown = 1026, 404, "No customer has this identifier. Register it in the customer directory first.";
    /// The header names no kind of identifier that there is.
    IdentifierKindUnknown = 1028, 400, "There is no such kind of identifier. Send email, mobile, externalId or cardNumber.";
    /// The customer holds an enrolment whose period overlaps.
    ActiveIssueExists = 1040, 200, "An active issue for the badge already exists.";
    /// Neither customers nor enrolments to revoke.
    RevokeWhat = 1051, 400, "RevokeIssuals or CustomerId is mandatory";
    /// An element of an import names a badge that the org does not have.
    ImportBadgeUnknown = 1054, 200, "The organisation has no badge with this id. Check badgeMetaId.";
    /// The badge is deactivated.
    BadgeDeactivated = 1901, 400, "The badge is deactivated. Activate it first.";
    /// The badge is earned directly, without enrolment.
    EarnedDirectly = 1902, 400, "Customers earn this badge directly, without being enrolled. Record an earn instead.";
    /// The enrolment would expire before it starts.
    ExpiresBeforeStart = 1903, 400, "The enrolment would expire before it starts. Pass an earlier event date.";
    /// The earn type stays once the badge is live.
    EarnTypeFixed = 1904, 400, "The earn type of a badge that is live or has ended cannot be changed.";
    /// More customers than one request may have.
    TooManyCustomers = 1905, 400, "Too many customers in one request. Split it.";
    /// The badge has as many active claims as a badge may have.
    TooManyClaims = 1906, 409, "The badge has as many active claims as it may have. Take one back, or claim another badge.";
    /// The idempotency key was used for another request.
    IdempotencyKeyReused = 1910, 422, "The Idempotency-Key was used for a different request. Use a new key.";
    /// The first request with this idempotency key is still running.
    IdempotencyKeyRunning = 1911, 409, "The first request with this Idempotency-Key is still running. Send it again in a moment.";
    /// The identifier belongs to another customer of the org.
    IdentifierTaken = 1921, 400, "The identifier belongs to another customer.";
    /// Credentials are missing or wrong.
    Unauthenticated = 1930, 401, "Credentials are missing or wrong. Send Basic credentials or a valid access token.";
    /// The credentials do not permit this.
    Forbidden = 1931, 403, "The client may not do this.";
    /// Too many wrong secrets, or more requests or customers than the client may have in a minute.
    TooManyRequests = 1932, 429, "Too many requests. Wait as long as Retry-After says, then send it again.";
    /// There is nothing at this path.
    PathNotFound = 1940, 404, "There is nothing at this path.";
    /// The path does not know this method.
    MethodNotAllowed = 1941, 405, "This path does not take this method.";
    /// The body is larger than the server accepts.
    BodyTooLarge = 1942, 413, "The body is too large. Split the request.";
    /// The body is not JSON by its content type.
    UnsupportedMediaType = 1943, 415, "Send the body as application/json.";
    /// The badge has changed since it was read.
    PreconditionFailed = 1944, 412, "The badge has changed since it was read. Read it again and repeat the change.";
    /// The body did not arrive, or the request did not finish, in time.
    BodyTimeout = 1945, 408, "The body was not received in time. Send it again.";
    /// The database is away or there is too much to do.
    Unavailable = 1951, 503, "The service is busy or its database is away. Nothing was recorded; send it again.";
    /// The connection broke inside COMMIT.
    OutcomeUnknown = 1952, 503, "The connection to the database broke while recording. Ask GET requests/{requestId} whether it was recorded.";
    /// Events behind a cursor are kept no more.
    CursorTooOld = 1960, 410, "Events behind this cursor are kept no more. Begin with the oldest that is kept.";
    /// A webhook may not be at this address.
    ReceiverNotAllowed = 1961, 400, "The receiver is not allowed: its address must be public, and its url https.";
    /// There is no such webhook, job, change or operator.
    NothingLikeThat = 1962, 404, "There is no such webhook, job, change or operator. Check the id.";
    /// It is not in a state for what is asked.
    NotInState = 1963, 409, "It is not in a state for that.";
    /// Another part of a job's file was sent under this number.
    PartTaken = 1964, 409, "Another part was sent under this number. Send this one under another, or create another job.";
    /// The org has as many open jobs as it may have.
    TooManyJobs = 1965, 429, "There are too many jobs that have not ended. Wait for one of them, or cancel one.";
    /// Who made a change votes on it.
    ApprovalByMaker = 1966, 403, "Who made a change cannot vote on it, through whatever client. Somebody else has to.";
    /// Another change of the same waits for approval.
    ChangePending = 1967, 409, "A change of this waits for approval already. Wait for it, or withdraw it.";
    /// What a change was decided from is otherwise by now.
    Stale = 1968, 409, "What it was decided from has changed since. Look at it as it is now, and decide anew.";
    /// A job's file has no column that its operation needs.
    ColumnMissing = 1969, 400, "The file has no column that the operation needs. Add it, or say it in the job.";
    /// A field or parameter that nothing reads.
    UnknownField = 1990, 200, "Unknown field, ignored. Check its spelling.";
    /// A date and its ISO twin differ.
    DatesDisagree = 1991, 200, "Differs from its ISO twin by more than a second. The ISO one was used.";
    /// A customer is named more than once.
    CustomerRepeated = 1992, 200, "The customer is named more than once. It counts once.";
    /// A known field that this operation does not read.
    FieldIgnored = 1993, 200, "This field is ignored here.";
    /// A text that should be a telephone number and is none.
    NoTelephoneNumber = 1994, 200, "Is no telephone number, so its digits are compared. Write it with + and the code of its country.";
    /// The request workflow: who asks may not do that, or it is a request of its own.
    WorkflowForbidden = 2001, 403, "You may not do that with this request.";
    /// The request workflow: the request is decided already.
    WorkflowCompleted = 2002, 409, "The request is completed already.";
    /// The request workflow: there is no such request.
    WorkflowUnknown = 2007, 404, "There is no such request. Check requestId.";
    /// The request workflow: the payload is not what the type of the request needs.
    WorkflowPayload = 2008, 400, "The payload is not one of this type of request.";
    /// The request workflow: there is no such type of request.
    WorkflowType = 2009, 400, "There is no such type of request: use ISSUE-BADGE or EARN-BADGE.";
    /// Something unexpected failed; the log has the cause.
    Internal = 999_999, 500, "An unexpected error. Nothing was recorded.";
}

impl Code {
    /// Whether the number is Accolade's own. Clients of the API family know the others.
    pub const fn is_ours(self) -> bool {
        matches!(self.number(), 729 | 741..=746 | 817 | 818 | 1900..=1999)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.number(), f)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.number())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u32::deserialize(deserializer)?;
        Self::from_number(number)
            .ok_or_else(|| serde::de::Error::custom(format!("there is no code {number}")))
    }
}

/// One reason to refuse, or one warning: the code, what to do about it, and the
/// field at fault.
///
/// ```
/// use accolade_domain::rejection::{Code, Rejection};
///
/// let rejection = Rejection::new(Code::StartInPast).at_field("startOn");
/// assert_eq!(rejection.code.number(), 722);
/// assert_eq!(rejection.field.as_deref(), Some("startOn"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[error("{code}: {message}")]
pub struct Rejection {
    /// Which entry of the table.
    pub code: Code,
    /// What is wrong and what to do, for the caller to read.
    pub message: String,
    /// The path of the field at fault, as in `customers[3]`; `None` where no field is.
    pub field: Option<String>,
}

impl Code {
    /// The statuses of answers that say it first: as a rule one.
    pub fn statuses(self) -> impl Iterator<Item = u16> {
        let of_field = (self == Self::WorkflowUnknown).then_some(Self::Unreadable.status());
        iter::once(self.status()).chain(of_field)
    }
}

impl Rejection {
    /// `code` with its standing message, about no field.
    pub fn new(code: Code) -> Self {
        Self {
            code,
            message: code.message().to_owned(),
            field: None,
        }
    }

    /// A request that cannot be read, and why.
    pub fn unreadable(message: impl Into<String>) -> Self {
        Self::new(Code::Unreadable).with_message(message)
    }

    /// A field, without a code of its own, that must be there and is not.
    pub fn required() -> Self {
        Self::unreadable("Is required.")
    }

    /// The HTTP status of a response whose first error this is. Of what the request workflow does not know,
    /// an action is one that cannot be read.
    pub fn status(&self) -> u16 {
        match (self.code, self.field.as_deref()) {
            (Code::WorkflowUnknown, Some("actionName")) => Code::Unreadable.status(),
            (code, _) => code.status(),
        }
    }

    /// This rejection with a more precise message.
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// This rejection, said about the field at `path`.
    pub fn at_field(mut self, path: impl Into<String>) -> Self {
        self.field = Some(path.into());
        self
    }

    /// This rejection, the path of its field (if it has one) put below `parent`.
    pub fn below(mut self, parent: &str) -> Self {
        self.field = Some(match self.field {
            None => parent.to_owned(),
            Some(field) if field.starts_with('[') => format!("{parent}{field}"),
            Some(field) => format!("{parent}.{field}"),
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_ascend() {
        let numbers: Vec<u32> = Code::ALL.iter().map(|code| code.number()).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }

    #[test]
    fn below_1900_only_those_that_the_family_has_not_are_ours() {
        let ours = Code::ALL.iter().filter(|code| code.is_ours());
        let below: Vec<_> = ours
            .map(|code| code.number())
            .filter(|number| *number < 1900)
            .collect();
        assert_eq!(below, [729, 741, 742, 743, 744, 745, 746, 817, 818]);
        assert!(!Code::Internal.is_ours());
    }

    #[test]
    fn a_path_is_put_below_its_parent_with_a_dot_or_an_index() {
        let at = |path: &str| {
            Rejection::new(Code::Unreadable)
                .at_field(path)
                .below("customers")
                .field
        };
        assert_eq!(at("[3]").as_deref(), Some("customers[3]"));
        assert_eq!(at("x").as_deref(), Some("customers.x"));
        assert_eq!(
            Rejection::new(Code::Unreadable)
                .below("customers")
                .field
                .as_deref(),
            Some("customers")
        );
    }
}
