//! Every word that the console says, in one place: whoever translates it, translates this file.
//!
//! What the API says (the messages of its codes) comes from the domain and is shown as it is.

use std::fmt::Display;

use accolade_application::access::AccessGroup;
use accolade_domain::approval::ChangeState;
use accolade_domain::badge::constraint::Weekday;
use accolade_domain::badge::{BadgeStatus, EarnType, ImageTag};
use accolade_domain::catalogue::DataType;
use accolade_domain::earning::{EarnedStatus, Scope, Span};
use accolade_domain::enrolment::EnrolmentStatus;
use accolade_domain::identifier::IdentifierKind;
use accolade_domain::job::{JobOperation, JobState};
use accolade_domain::operator::Role;
use accolade_domain::owner::{Owner, OwnerType};
use accolade_domain::webhook::{DeliveryFormat, DeliveryOrder, DisabledReason, WebhookState};
use accolade_domain::zone::CalendarUnit;
use time::Date;

use crate::moment::Moments;

macro_rules! texts {
    ($($name:ident = $text:literal;)+) => {
        $(pub(crate) const $name: &str = $text;)+
    };
}

// Around every page.
texts! {
    LANGUAGE = "en";
    PRODUCT = "Accolade";
    SKIP = "Skip to content";
    PLACES = "Places";
    PAGES = "Pages";
    SEARCH = "Find a customer";
    SEARCH_HINT = "Number, e-mail, mobile, card or any id";
    FIND = "Find";
    SIGN_IN = "Sign in";
    SIGN_OUT = "Sign out";
    ACCOUNT = "Your account";
    CUSTOMERS = "Customers";
    BADGES = "Badges";
    JOBS = "Jobs";
    WEBHOOKS = "Webhooks";
    AUDIT = "Audit trail";
    ACCESS = "Access";
    TO_MEND = "Please look at this";
    BACK = "Back";
    CANCEL = "Cancel";
    SAVE = "Save";
    CREATE = "Create";
    EDIT = "Edit";
    DELETE = "Delete";
    APPLY = "Show";
    FILTERS = "Filters";
    ACTIONS = "Actions";
    ANY = "any";
    ALL = "all";
    NONE = "none";
    NOTHING = "–";
    YES = "yes";
    NO = "no";
    PREVIOUS = "Previous";
    NEXT = "Next";
    EARLIER = "Earlier";
    LATER = "Later";
    OLDER = "Older";
    CODE = "Code";
    REQUEST = "Request";
    TO_THE_BEGINNING = "Go to the beginning";
    NOTHING_THERE = "There is nothing here. It may have been deleted, or the address is misspelt.";
    FROM_ELSEWHERE = "This form was not sent by a page of the console. Open the page and send it from there.";
    NO_MOMENT = "Write a date and a time, like 2026-05-01T12:00.";
    NOT_LATER = "The end must be later than the beginning.";
}

// Signing in.
texts! {
    LOGIN = "Login";
    PASSWORD = "Password";
    WRONG_PASSWORD = "Login or password is wrong. Check both, or ask an admin of your organisation for a new password.";
    TOO_MANY_WRONG_PASSWORDS = "There were too many wrong passwords. Wait a minute, then try again.";
    SESSION_HAS_ENDED = "Your session has ended, and the form was not carried out. Sign in and send it again.";
    SIGNED_IN_SINCE = "Signed in since";
    SIGNED_IN_UNTIL = "Signed in until, at the latest";
    SIGN_OUT_EVERYWHERE = "Sign out everywhere";
    SIGN_OUT_EVERYWHERE_TEXT = "Ends this session and all others of yours, on every device.";
    TOO_MANY_FAILED = "There were too many sign-ins that failed. Wait a minute, then try again.";
    NOT_BEGUN_HERE = "This sign-in was not begun in this browser, or too long ago. Begin again.";
    NOT_LINKED = "You are not an operator here";
    NOT_LINKED_TEXT = "You have signed in, but no operator is linked to you. Ask an admin of your organisation to link yours to this subject:";
    LINKED_TO_DISABLED_TEXT = "You have signed in, but the operator who is linked to you is disabled. If that is wrong, ask an admin of your organisation to link another one to this subject:";
    TO_THE_SIGN_IN = "To the sign-in";
}

/// The way to the provider that is called so.
pub(crate) fn sign_in_by(name: &str) -> String {
    format!("Sign in with {name}")
}

/// That the provider says nothing.
pub(crate) fn provider_is_away(name: &str) -> String {
    format!("{name} does not answer. Sign in with your password, or try again later.")
}

/// That the provider did not let her in.
pub(crate) fn provider_refused(name: &str) -> String {
    format!("{name} did not sign you in. Try again, or sign in with your password.")
}

/// That what the provider says is not believed.
pub(crate) fn provider_is_not_believed(name: &str) -> String {
    format!(
        "What {name} answered does not prove who you are. Try again; if it stays so, tell who runs this \
         server to look into its log."
    )
}

// Words that many pages say.
texts! {
    NAME = "Name";
    DESCRIPTION = "Description";
    STATUS = "Status";
    NUMBER = "Number";
    ID = "Id";
    KEY = "Key";
    ROLES = "Roles";
    WHAT = "What";
    WHO = "Who";
    WHEN = "When";
    WHY = "Why";
    BY = "By";
    FROM = "From";
    UNTIL = "Until";
    BEFORE_MOMENT = "Before";
    STARTS = "Starts";
    ENDS = "Ends";
    CREATED = "Created";
    UPDATED = "Last changed";
    STARTED = "Started";
    FINISHED = "Finished";
    RECORDED = "Recorded";
    GROUP = "Group";
    RANK = "Rank";
    REASON = "Reason";
    REASON_HINT = "Required. It is kept in the audit trail, with your name.";
    EVENT_DATE = "Event date";
    EVENT_DATE_HINT = "When it happened. Empty: now.";
    FORM_WITHOUT_KEY = "The form is incomplete. Open its page again.";
    FORM_CARRIED_OUT_BEFORE = "This form was carried out before, with something else in it. Open its page again to do more.";
    SYSTEM = "the server";
    BY_HAND = "by hand";
}

// Customers.
texts! {
    CUSTOMER = "Customer";
    CUSTOMER_NUMBER = "Customer number";
    EMAIL = "E-mail";
    MOBILE = "Mobile";
    EXTERNAL_ID = "External id";
    CARD_NUMBER = "Card";
    ISSUED_ID = "Enrolment";
    EARNED_BADGE_ID = "Earned badge";
    REQUEST_ID = "Request";
    SEARCH_BEGIN = "Find a customer";
    SEARCH_BEGIN_TEXT = "Type into the box above what you know: the customer's number, e-mail, mobile, external id or card; or the id of an enrolment, an earned badge or a request.";
    FOUND_NOBODY = "Nobody was found";
    FOUND_NOBODY_TEXT = "Check the spelling, or search by something else that you know of the customer. A mobile is found with the code of its country, like +91.";
    FOUND_SEVERAL = "Several fit. Choose one.";
    LEADS_TO = "Leads to";
    BADGES_OF_CUSTOMER = "Badges of the customer";
    TAB_ENROL = "Available to enrol";
    TAB_EARN = "Available to earn";
    TAB_EARNED = "Earned";
    TAB_EXPIRED = "Expired";
    BADGE = "Badge";
    STANDING = "Standing";
    LIMITS = "Limits";
    LAST_EARNED = "Last earned";
    BADGE_ENDS = "Badge ends";
    TIMELINE = "What happened";
    WHOLE_TIMELINE = "Everything that happened";
    WHAT_HAPPENED = "What happened";
    NOTHING_HAPPENED = "Nothing has happened yet: the customer was never enrolled, and never earned anything.";
    WAS_ENROLLED = "Enrolled";
    HAS_EARNED = "Earned";
    WAS_TAKEN_OVER = "Earned elsewhere, taken over";
    WAS_REFUSED = "Refused";
    ENROLMENT_WAS_REVOKED = "Enrolment revoked";
    EARN_WAS_REVOKED = "Earned badge revoked";
    ENROLMENT_HAS_EXPIRED = "Enrolment expired";
    EARN_HAS_EXPIRED = "Earned badge expired";
    BADGE_OFF = "deactivated";
    BADGE_UPCOMING = "not started yet";
    BADGE_ENDED = "ended";
    ENROL_THEN_EARN = "enrol, then earn";
    EARNED_DIRECTLY = "earned directly";
    ABOUT_THE_BADGE = "About the badge";
    ENROLMENTS = "Enrolments";
    NO_ENROLMENTS = "The customer was never enrolled.";
    EARNS = "Earned badges";
    NO_EARNS = "The customer has never earned it.";
    EARNED_ON = "Earned on";
    REFUSALS = "Refusals";
    NO_LIMIT = "No limit";
    FOR_THIS_CUSTOMER = "This customer";
    FOR_ALL_CUSTOMERS = "All customers";
    OPENS = "opens";
    ENROL = "Enrol";
    EARN = "Earn";
    REVOKE = "Revoke";
    TRY = "Try this date";
    ENROL_CUSTOMER = "Enrol a customer";
    LET_CUSTOMER_EARN = "Let a customer earn a badge";
    WOULD_ENROL = "The customer can be enrolled. The enrolment would hold until";
    WOULD_EARN = "The customer can earn it. The badge would be kept until";
    WOULD_BE_REFUSED = "It would be refused, for what stands at the top. Nothing was done.";
    REVOKE_ENROLMENT = "Revoke an enrolment";
    REVOKE_ENROLMENT_TEXT = "It can be revoked. From then on nothing is earned by virtue of it; what was earned stays.";
    REVOKE_EARN = "Revoke an earned badge";
    REVOKE_EARN_TEXT = "It can be revoked. Its place under every limit is free again.";
    CANNOT_BE_REVOKED = "It cannot be revoked, for what stands at the top. Nothing was done.";
}

// Badges.
texts! {
    NEW_BADGE = "New badge";
    ALL_BADGES = "Show all";
    NO_BADGES = "There are no badges yet";
    NO_BADGES_TEXT = "A campaign desk makes the first one with “New badge”; programs make them through the API.";
    NO_BADGE_FITS = "No badge fits these filters.";
    ON_OR_OFF = "On or off";
    EARN_TYPE = "How it is earned";
    OWNER = "Module";
    OWNERS = "Modules";
    SORTED_BY = "Sorted by";
    ENROLLED = "Enrolled";
    EARNED = "Earned";
    DUPLICATE = "Duplicate";
    ACTIVATE = "Activate";
    DEACTIVATE = "Deactivate";
    ACTIVATE_TEXT = "From then on customers are enrolled and earn it again, as its dates and limits say.";
    DEACTIVATE_TEXT = "As soon as this is done, nobody is enrolled for it and nobody earns it. What customers have stays.";
    FACTS = "Facts";
    COUNTS = "How often it was given";
    ENROLMENT_ENDS = "An enrolment ends";
    EARN_ENDS = "An earned badge ends";
    WITH_THE_BADGE = "with the badge";
    ON_A_DATE = "on";
    NEVER = "never";
    BENEFIT = "Benefit";
    DEFAULT_TILL = "Default till";
    CLAIMS = "Claims";
    NO_CLAIMS = "No module has claimed it.";
    CLAIM_BADGE = "Claim";
    UNCLAIM = "Take back";
    TAKEN_BACK = "taken back";
    CLAIM_TEXT = "A module that has claimed the badge may have customers enrolled, and let them earn it, under this reference.";
    REFERENCE = "Reference";
    REFERENCE_HINT = "The module's own id of the use, of a campaign for example.";
    CHOOSE_AN_OWNER = "Choose a module.";
    CALENDAR = "Calendar";
    TODAY = "today";
    BADGE_STARTS = "the badge starts";
    BADGE_ENDS_HERE = "the badge ends";
    EXPIRES = "something given today ends";
    ENROLLED_NOW_ENDS = "Who is enrolled now is so until";
    EARNED_NOW_ENDS = "What is earned now is kept until";
    NEXT_WINDOWS = "Next windows";
    NO_MORE_WINDOWS = "There are no further windows.";
    WITHOUT_END = "without end";
    CHECK = "Show what changes";
    EDIT_ON = "Edit on";
    DIFFERENCES = "What changes";
    NO_DIFFERENCES = "Nothing changes.";
    FIELD = "Field";
    BEFORE = "Before";
    AFTER = "After";
    THEIRS = "As it is now";
    YOURS = "As you have it";
    STALE = "Somebody has changed the badge while you edited it. Both versions are below; nothing was saved.";
    STALE_TEXT = "The badge was changed on";
    SAVE_MINE = "Save yours over it";
    TAKE_THEIRS = "Keep what is there";
    WHAT_IT_IS = "What it is";
    WHEN_AND_HOW = "When, and how it is earned";
    FIXED_HINT = "The badge has started: its start, how it is earned and the kinds of its limits stay.";
    IS_ON = "Activated";
    ENROLMENT_ENDS_HINT = "Only where customers are enrolled first.";
    EARN_ENDS_HINT = "How long a customer keeps it. Relative ones count from the moment of earning.";
    EXPIRY_KIND = "Ends";
    EXPIRY_VALUE = "After how many";
    EXPIRY_DATE = "On";
    UNIT = "Unit";
    LIMIT = "Limit";
    LIMITS_HINT = "All limits hold together. A row without a kind is left out.";
    WHOSE = "For whom";
    KIND = "Kind";
    AT_MOST = "At most";
    LENGTH = "Length";
    WEEK_BEGINS = "Week begins";
    MORE_LIMITS = "More rows for limits";
    OWNERS_HINT = "Which modules may claim it: at least one. One that has claimed it stays.";
    CUSTOM_FIELDS = "Fields of your organisation";
    MORE_DETAILS = "Pictures, tags, benefits and till";
    IMAGES = "Pictures";
    IMAGE = "Picture";
    ADDRESS = "Address";
    FILE_HANDLE = "Handle of the file";
    SHOWN_WHEN = "Shown when";
    MORE_IMAGES = "More rows for pictures";
    TAGS = "Tags";
    TAG = "Tag";
    VALUE = "Value";
    MORE_TAGS = "More rows for tags";
    BENEFITS = "Benefits";
    BENEFITS_HINT = "A JSON list of objects with a benefitType, kept as they are.";
    NO_JSON = "Is no JSON. Write a list of objects in square brackets.";
    NO_GROUP = "no group";
    NO_TAG = "any time";
}

// What is around badges.
texts! {
    GROUPS_AND_FIELDS = "Groups and fields";
    GROUPS = "Groups";
    NO_GROUPS = "There are no groups. Badges of a group are listed together, by rank.";
    NEW_GROUP = "New group";
    EDIT_GROUP = "Edit a group";
    REMOVE_GROUP = "Remove the group";
    REMOVE_GROUP_TEXT = "Its badges keep their rank and are in no group any more.";
    RANK_HINT = "A whole number: 1 is the highest.";
    NO_FIELDS = "Your organisation has added no fields to its badges.";
    NEW_FIELD = "New field";
    EDIT_FIELD = "Edit a field";
    DISABLE_FIELD = "Disable the field";
    DISABLE_FIELD_TEXT = "It is offered no more, for good. Badges keep the values that they have.";
    MANDATORY = "Every badge has it";
    DEFAULT_VALUE = "Default";
    DEFAULT_HINT = "What a badge has that says nothing. Required if every badge has it. A date is written as 2026-05-01T12:00:00Z.";
    CHOOSE_A_TYPE = "Choose a kind.";
}

// Jobs.
texts! {
    JOB = "Job";
    NEW_JOB = "New job";
    NO_JOBS = "There are no jobs";
    NO_JOBS_TEXT = "A job carries out a file of rows: a campaign desk drops one with “New job”, tries it, and carries it out.";
    OPERATION = "What is done";
    TRIAL = "only tried";
    TRIAL_TEXT = "Nothing is recorded: each row is judged as if those before it had been carried out.";
    ROWS_PROCESSED = "Rows looked at";
    ROWS_SUCCEEDED = "Succeeded";
    ROWS_REFUSED = "Refused";
    ROWS_INVALID = "Unreadable";
    PROGRESS = "Progress";
    ESTIMATED_END = "Probably finished";
    SPEED = "Speed";
    REFRESH = "Look again";
    STOP = "Stop";
    STOP_JOB = "Stop the job";
    STOP_JOB_TEXT = "It ends behind the rows that are under way. What was carried out stays.";
    DELETE_JOB = "Delete the job";
    DELETE_JOB_TEXT = "Its file and its results go. What it has recorded stays.";
    CARRY_OUT = "Carry out";
    CARRY_OUT_TRIED = "Carry the file out now";
    TRY_FILE = "Try first";
    FILE = "File";
    FILE_HINT = "Drop a file here or choose one: CSV with a line of column names, or a JSON object in each line (.ndjson); up to 64 MiB. Longer files are sent through the API.";
    CHOOSE_A_FILE = "Choose a file that is not empty.";
    IN_THE_ROWS = "as the rows say";
    TRIGGERED_BY = "Triggered by";
    JOB_SETTINGS_HINT = "What you choose here holds for rows that say nothing of it. Columns: customerId or an identifier (email, mobile, externalId, cardNumber), badgeMetaId, eventDate and so on.";
    UPLOAD_UNREADABLE = "The form cannot be read. Open the page again and send the file once more.";
    ROWS_NOT_CARRIED_OUT = "Rows that were not carried out";
    NO_ROWS_REFUSED = "None so far.";
    MORE_ROWS = "There are more. Download them to see all.";
    LINE = "Line";
    ROW = "Row";
    DOWNLOAD_REFUSED = "Download refused rows (CSV)";
    DOWNLOAD_ALL = "Download all rows (CSV)";
    FILE_TOO_LONG = "The file is too long for a page. Send it by the API once more: POST jobs, without dryRun.";
    RESULTS_TOO_LONG = "There are too many rows for a page. Ask the API for them: GET jobs/{jobId}/results.";
}

// The audit trail.
texts! {
    ACTION = "Action";
    ACTOR_NUMBER = "Number of who did it";
    NO_ACTOR = "Write a number, as it stands beside what was changed.";
    REASON_AND_CHANGES = "Reason and changes";
    NO_ENTRIES = "Nothing was found";
    NO_ENTRIES_TEXT = "Nothing was changed that fits. Widen the filters.";
}

// Webhooks.
texts! {
    NEW_WEBHOOK = "New webhook";
    EDIT_WEBHOOK = "Edit a webhook";
    WEBHOOK_CREATED = "Keep the secret";
    TO_THE_WEBHOOK = "To the webhook";
    NO_WEBHOOKS = "There are no webhooks";
    NO_WEBHOOKS_TEXT = "A webhook sends events to a program of yours as they happen. Make one with “New webhook”.";
    FAILING_SINCE = "Failing since";
    EVENTS_BEHIND = "Events behind";
    EVENT_TYPES = "Events";
    EVENT_TYPES_HINT = "None chosen: all of them.";
    FORMAT = "Format";
    SIGNATURE = "Signature";
    ORDERING = "Order";
    HEADERS = "Headers";
    HEADERS_HINT = "One in each line, like “Authorization: Bearer …”. Their values are never shown again.";
    HEADERS_KEPT_HINT = "One in each line. Without a value behind the colon it keeps the one that it has; a line that is left out is gone.";
    HEADER_WITHOUT_COLON = "Write each header as its name, a colon and its value.";
    BATCH = "Events in a request";
    MAX_IN_FLIGHT = "Requests at once";
    RATE_PER_SECOND = "Requests a second";
    UNBOUNDED = "as many as there are";
    POSITION = "Done up to position";
    PUBLIC_KEY = "Public key";
    PUBLIC_KEY_TEXT = "Receivers verify signatures with this public key.";
    SECRET = "Secret";
    SECRET_TEXT = "Receivers verify signatures with it. It is shown this once: keep it now.";
    SECRET_SHOWN_BEFORE = "It was shown before, and is not shown again. “New secret” on the page of the webhook makes another one.";
    WEBHOOK_URL_HINT = "Where events are sent: an https address that is public.";
    WEBHOOK_BADGES_HINT = "Ids of badges whose events are sent, with blanks between them. Empty: everything.";
    TEST = "Send a test";
    TESTED = "The test";
    PAUSE = "Pause";
    ENABLE = "Enable";
    ROTATE = "New secret";
    ROTATE_TEXT = "The webhook gets another secret. For a day requests are signed with both.";
    DELETE_WEBHOOK = "Delete the webhook";
    DELETE_WEBHOOK_TEXT = "Nothing is sent to it any more, and its secret is gone for good.";
    ATTEMPTS = "Attempts";
    ATTEMPT = "Attempt";
    EVENT = "Event";
    ANSWER = "Answer";
    NO_ATTEMPTS = "Nothing was sent that fits. What was sent is kept for 30 days.";
    SUCCEEDED = "succeeded";
    FAILED = "failed";
    RESEND = "Send again";
    RESEND_MANY = "Send events again";
    RESEND_TEXT = "Events that were recorded in this time are sent once more.";
    ONLY_FAILED = "Only those that failed";
}

// Who may come in.
texts! {
    OPERATORS = "Operators";
    NEW_OPERATOR = "New operator";
    LAST_SIGNED_IN = "Last signed in";
    NEVER_YET = "never yet";
    DISABLED = "disabled";
    DISABLE = "Disable";
    DISABLE_TEXT = "She is signed out everywhere and cannot sign in any more, for good. What she did keeps her name.";
    WORKS = "works";
    LOGIN_HINT = "What she signs in with, without blanks. Case does not matter.";
    LOGIN_TAKEN = "Somebody has this login. Choose another one.";
    PASSWORD_HINT = "12 characters or more. Give it to her on another way than e-mail.";
    NEW_PASSWORD = "Another password";
    NEW_PASSWORD_HINT = "12 characters or more. It ends all her sessions.";
    SET_PASSWORD = "Set password";
    SUBJECT = "Subject";
    SUBJECT_HINT = "What the provider calls her: the page that refuses her shows it. She may sign in there from then on, and her sessions end.";
    LINKED_TO = "Linked to";
    LINK_HER = "Link";
    UNLINK = "Unlink from the provider";
    LINK_TAKEN = "Another operator is linked to this subject. Unlink her first.";
    SAVE_ROLES = "Save roles";
    CHOOSE_A_ROLE = "Choose at least one role.";
    CLIENTS = "API clients";
    NO_CLIENTS = "There are no clients.";
    ACCESS_GROUPS = "Access groups";
    LAST_USED = "Last used";
    REVOKED = "revoked";
    HAS_ENDED = "ended";
    BEING_ROTATED = "two secrets";
}

// API clients.
texts! {
    NEW_CLIENT = "New client";
    CLIENT_CREATED = "Keep the credentials";
    CLIENT_ROTATED = "Keep the new secret";
    TO_THE_CLIENT = "To the client";
    CREDENTIALS = "Credentials";
    CLIENT_OWNER = "Whose it is";
    CLIENT_OWNER_HINT = "The login of the person who owns it: what it makes she cannot approve. Empty: nobody's.";
    CLIENT_SECRET_TEXT = "Programs sign in with them. The secret is shown this once: keep it now.";
    CLIENT_SECRET_SHOWN_BEFORE = "The secret was shown before, and is not shown again. “New secret” on the page of the client makes another one.";
    CHOOSE_A_GROUP = "Choose at least one access group.";
    ROTATE_CLIENT_TEXT = "The client gets another secret. Both hold until the first one is ended.";
    FINISH_ROTATION = "End the first secret";
    FINISH_ROTATION_TEXT = "Only the new secret holds from then on. Programs that still use the first one are refused.";
    REVOKE_CLIENT = "Revoke the client";
    REVOKE_CLIENT_TEXT = "It is refused everywhere within five seconds, for good.";
    BOUNDS = "Bounds";
    BOUNDS_HINT = "What is left empty is not bounded. Each server counts for itself.";
    REQUESTS_A_MINUTE = "Requests a minute";
    CUSTOMERS_A_MINUTE = "Customers a minute";
    CLIENT_ENDS = "Ends on";
    NO_NUMBER = "Write a whole number from 1 on, or leave it empty.";
}

// Approvals.
texts! {
    APPROVALS = "Approvals";
    NO_APPROVALS = "Nothing waits for approval";
    NO_APPROVALS_TEXT = "What your rules hold back appears here until others have voted on it.";
    MAKER = "Made by";
    EXPIRES_ON = "Expires";
    ENDED_ON = "Ended";
    VOTES = "Votes";
    NO_VOTES = "Nobody has voted yet.";
    APPROVALS_NEEDED = "Approvals needed";
    WHAT_IT_DOES = "What it is to do";
    WHOLE_REQUEST = "The whole request";
    THEN = "What it would have done when it was made";
    NOW = "What it would do now";
    THEN_AND_NOW = "What it would do, now as when it was made";
    CAME_OF_IT = "What came of it";
    COMMENT = "Comment";
    DECIDE = "Decide";
    APPROVE = "Approve";
    REJECT = "Reject";
    WITHDRAW = "Withdraw";
    HAS_APPROVED = "approved";
    HAS_REJECTED = "rejected";
    APPROVAL_RULES = "Rules for approval";
    APPROVAL_RULES_TEXT = "What is chosen here waits for the votes of others before it is carried out. Whoever makes it cannot vote on it.";
    ABOVE_ROWS = "Above so many rows";
    WAITS_HOURS = "Waits, in hours";
}

/// What can be chosen: values of fields, and what they are called.
type Choices = &'static [(&'static str, &'static str)];

pub(crate) const BADGE_STATUSES: Choices = &[
    ("", ANY),
    ("UPCOMING", "upcoming"),
    ("LIVE", "live"),
    ("EXPIRED", "ended"),
];
pub(crate) const BADGE_ACTIONS: Choices = &[
    ("", ANY),
    ("ACTIVATED", "activated"),
    ("DE_ACTIVATED", "deactivated"),
];
pub(crate) const EARN_TYPES: Choices = &[
    ("", ANY),
    ("ISSUE_EARN", ENROL_THEN_EARN),
    ("EARN", EARNED_DIRECTLY),
];
pub(crate) const BADGE_SORTS: Choices = &[
    ("", "newest first"),
    ("NAME", "name"),
    ("START_DATE", "start"),
];
pub(crate) const EXPIRIES: Choices = &[
    ("WITH_BADGE_META", "with the badge"),
    ("RELATIVE", "some time after it began"),
    ("FIXED_DATE", "on a date"),
    ("NEVER", "never"),
];
pub(crate) const LIMIT_SCOPES: Choices = &[
    ("CUSTOMER_BADGE", "each customer"),
    ("BADGE", "all customers together"),
];
pub(crate) const LIMIT_KINDS: Choices = &[
    ("", "–"),
    ("FIXED_VALUE", "in all"),
    ("FIXED_WINDOW", "in each window of the calendar"),
    ("ROLLING_WINDOW", "in the time back from now"),
    ("NO_LIMIT", "no limit"),
];
pub(crate) const ATTEMPT_STATUSES: Choices =
    &[("", ANY), ("FAILED", "failed"), ("SUCCEEDED", "succeeded")];

/// The days of the week from Monday on: short, and in full.
pub(crate) const WEEKDAYS: [(&str, &str); 7] = [
    ("Mo", "Monday"),
    ("Tu", "Tuesday"),
    ("We", "Wednesday"),
    ("Th", "Thursday"),
    ("Fr", "Friday"),
    ("Sa", "Saturday"),
    ("Su", "Sunday"),
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn month_name(date: Date) -> &'static str {
    MONTHS[usize::from(u8::from(date.month())) - 1]
}

/// A day.
pub(crate) fn day(date: Date) -> String {
    let name = &month_name(date)[..3];
    format!("{} {name} {}", date.day(), date.year())
}

/// A day of this year or so.
pub(crate) fn short_day(date: Date) -> String {
    format!("{} {}", date.day(), &month_name(date)[..3])
}

/// A month.
pub(crate) fn month(date: Date) -> String {
    format!("{} {}", month_name(date), date.year())
}

/// In which zone times are.
pub(crate) fn times_in(zone: impl Display) -> String {
    format!("times of {zone}; UTC appears on hovering")
}

/// The title of what went wrong with this status of HTTP.
pub(crate) const fn failed(status: u16) -> &'static str {
    match status {
        403 => "You may not do this",
        404 => "Not found",
        405 => "Not possible here",
        413 => "Too long",
        429 => "Too many requests",
        503 => "Not available at the moment",
        500.. => "Something went wrong",
        _ => "This cannot be done",
    }
}

/// What is said of what was done; `None` for a word that stands for nothing.
pub(crate) fn done(word: &str) -> Option<&'static str> {
    Some(match word {
        "signed-out" => "You are signed out.",
        "enrolled" => "The customer is enrolled.",
        "earned" => "The customer has earned the badge.",
        "enrolment-revoked" => "The enrolment is revoked.",
        "earn-revoked" => "The earned badge is revoked.",
        "merged" => "The number that you asked for was merged into this customer.",
        "held" => "It waits for approval. Nothing is done until others have agreed.",
        "badge-created" => "The badge is created.",
        "badge-saved" => "The badge is saved.",
        "activated" => "The badge is activated.",
        "deactivated" => "The badge is deactivated.",
        "claimed" => "The badge is claimed.",
        "unclaimed" => "The claim is taken back.",
        "group-saved" => "The group is saved.",
        "group-removed" => "The group is removed.",
        "field-saved" => "The field is saved.",
        "field-disabled" => "The field is disabled.",
        "job-started" => "The job is started. This page shows how far it has come.",
        "job-stopped" => "The job is stopped.",
        "job-deleted" => "The job is deleted.",
        "enabled" => "The webhook is enabled, and goes on where it stopped.",
        "paused" => "The webhook is paused.",
        "resent" => "The events are sent again.",
        "rotated" => "The webhook has a new secret. The one before signs for a day, too.",
        "webhook-saved" => "The webhook is saved.",
        "webhook-deleted" => "The webhook is deleted.",
        "approved" => "Your approval is counted. The page shows what came of it.",
        "rejected" => "It is rejected, and nothing is done.",
        "withdrawn" => "It is withdrawn, and nothing is done.",
        "rules-saved" => "The rules are saved, and hold at once.",
        "client-saved" => "The bounds are saved.",
        "client-rotated" => "The first secret is ended.",
        "client-revoked" => "The client is revoked.",
        "operator-created" => "The operator is created, and may sign in.",
        "operator-saved" => "The roles are saved. They hold at once.",
        "password-set" => "The password is set, and her sessions have ended.",
        "operator-linked" => "She is linked, and may sign in there. Her sessions have ended.",
        "operator-unlinked" => "She is not linked any more. Her sessions have ended.",
        "operator-disabled" => "The operator is disabled.",
        _ => return None,
    })
}

/// A message of the API with its code.
pub(crate) fn coded(message: &str, code: u32) -> String {
    format!("{message} ({code})")
}

/// Why a reason is not accepted.
pub(crate) fn reason_unfit(error: impl Display) -> String {
    format!("The reason {error}. Write why you do this.")
}

/// Why a text is not accepted.
pub(crate) fn unfit(error: impl Display) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|it| it.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// Which part of a list is shown.
pub(crate) fn part_of(first: u64, end: u64, total: u64) -> String {
    if first >= end {
        return format!("none of {total}");
    }
    format!("{}–{end} of {total}", first + 1)
}

/// That only the latest are shown.
pub(crate) fn latest_of(shown: usize, total: u64) -> String {
    format!("The latest {shown} of {total}.")
}

/// How many things changed.
pub(crate) fn changes(count: usize) -> String {
    match count {
        1 => "1 change".to_owned(),
        count => format!("{count} changes"),
    }
}

/// A customer, by number.
pub(crate) fn customer(number: impl Display) -> String {
    format!("Customer {number}")
}

/// The title of what happened to a customer.
pub(crate) fn timeline_of(number: impl Display) -> String {
    format!("What happened to customer {number}")
}

/// What an identifier is called.
pub(crate) const fn identifier(kind: IdentifierKind) -> &'static str {
    match kind {
        IdentifierKind::Email => EMAIL,
        IdentifierKind::Mobile => MOBILE,
        IdentifierKind::ExternalId => EXTERNAL_ID,
        IdentifierKind::CardNumber => CARD_NUMBER,
    }
}

/// What to do where a tab has nothing.
pub(crate) fn empty_tab(tab: &str) -> &'static str {
    match tab {
        "enrol" => {
            "There is no badge to enrol for: the customer is enrolled for all that are live. Look under “Available to earn”."
        }
        "earn" => "There is nothing to earn. Enrol the customer first, under “Available to enrol”.",
        "earned" => "The customer has no earned badge. What has expired is under “Expired”.",
        _ => "No earned badge of the customer has expired.",
    }
}

/// The state of an enrolment.
pub(crate) const fn enrolment_is(status: EnrolmentStatus) -> &'static str {
    match status {
        EnrolmentStatus::Active => "enrolled",
        EnrolmentStatus::Upcoming => "enrolled from later on",
        EnrolmentStatus::Expired => "enrolment expired",
        EnrolmentStatus::Revoked => "enrolment revoked",
    }
}

/// The state of an earned badge.
pub(crate) const fn earn_is(status: EarnedStatus) -> &'static str {
    match status {
        EarnedStatus::Active => "earned",
        EarnedStatus::Expired => "expired",
        EarnedStatus::Revoked => "revoked",
    }
}

/// How often a badge was earned, and how often of those it has not expired.
pub(crate) fn earned_times(earned: u64, unexpired: u64) -> String {
    match (earned, unexpired) {
        (1, 1) => "earned once".to_owned(),
        (1, _) => "earned once, expired".to_owned(),
        (earned, unexpired) if earned == unexpired => format!("earned {earned} times"),
        (earned, unexpired) => format!("earned {earned} times, {unexpired} not expired"),
    }
}

/// That an enrolment is in the way.
pub(crate) fn enrolled_already(id: impl Display) -> String {
    format!(
        "The customer is enrolled already, by {id}, in a part of that time. Revoke that one first, or choose another date."
    )
}

/// A module and its reference.
pub(crate) fn owner(owner: &Owner) -> String {
    format!("{} {}", owner_type(owner.owner_type), owner.reference)
}

/// A module.
pub(crate) fn owner_type(owner_type: OwnerType) -> String {
    owner_type.name().replace('_', " ")
}

/// Where a badge stands in its period.
pub(crate) const fn badge_is(status: BadgeStatus) -> &'static str {
    match status {
        BadgeStatus::Upcoming => "upcoming",
        BadgeStatus::Live => "live",
        BadgeStatus::Expired => BADGE_ENDED,
    }
}

/// How a badge is earned.
pub(crate) const fn earn_type(earn_type: EarnType) -> &'static str {
    match earn_type {
        EarnType::IssueEarn => ENROL_THEN_EARN,
        EarnType::Earn => EARNED_DIRECTLY,
    }
}

/// The time whose earns a limit counts.
pub(crate) fn span(span: &Span, moments: &Moments) -> String {
    let day_of = |instant| day(moments.zone().date(instant));
    match span {
        Span::AllTime => "in all".to_owned(),
        Span::Fixed { window, .. } => match window.ends_on {
            Some(end) => {
                let first = day_of(window.starts_on);
                let last = day_of(end - time::Duration::SECOND);
                if first == last {
                    format!("on {first}")
                } else {
                    format!("{first} to {last}")
                }
            }
            None => format!("from {} on", day_of(window.starts_on)),
        },
        Span::Rolling { unit, length, .. } => {
            format!("in the last {}", counted(length.get(), *unit))
        }
    }
}

/// What is left of a limit.
pub(crate) fn room(room: u64, most: u64) -> String {
    match room {
        0 => format!("none of {most} left"),
        room => format!("{room} of {most} left"),
    }
}

/// Whose a limit is.
pub(crate) const fn whose(scope: Scope) -> &'static str {
    match scope {
        Scope::Customer => "Each customer",
        Scope::Badge => "All customers together",
    }
}

fn times(max: u32) -> String {
    match max {
        1 => "once".to_owned(),
        max => format!("{max} times"),
    }
}

/// So many of a unit.
fn counted(count: u32, unit: CalendarUnit) -> String {
    let units = units(unit);
    match count {
        1 => units.trim_end_matches('s').to_owned(),
        count => format!("{count} {units}"),
    }
}

/// A limit of all time.
pub(crate) fn most_in_all(max: u32) -> String {
    format!("{} in all", times(max))
}

/// A limit for windows of days.
pub(crate) fn most_in_days(max: u32, days: u32) -> String {
    match days {
        1 => format!("{} a day", times(max)),
        days => format!("{} in each {days} days", times(max)),
    }
}

/// A limit for windows of weeks.
pub(crate) fn most_in_weeks(max: u32, starts_on: Weekday) -> String {
    format!("{} a week, from {} on", times(max), weekday(starts_on))
}

/// A limit for windows of months.
pub(crate) fn most_in_months(max: u32) -> String {
    format!("{} in a calendar month", times(max))
}

/// A limit for the time back from now.
pub(crate) fn most_rolling(max: u32, length: u32, unit: CalendarUnit) -> String {
    format!("{} in the last {}", times(max), counted(length, unit))
}

/// When something ends that is relative.
pub(crate) fn after_units(value: u32, unit: CalendarUnit) -> String {
    let units = units(unit);
    match value {
        1 => format!("1 {} after it began", units.trim_end_matches('s')),
        value => format!("{value} {units} after it began"),
    }
}

/// Units of the calendar.
pub(crate) const fn units(unit: CalendarUnit) -> &'static str {
    match unit {
        CalendarUnit::Days => "days",
        CalendarUnit::Weeks => "weeks",
        CalendarUnit::Months => "months",
    }
}

/// A day of the week.
pub(crate) fn weekday(day: Weekday) -> &'static str {
    WEEKDAYS[usize::from(day.number()) - 1].1
}

/// A tag of a badge.
pub(crate) fn tag(name: &str) -> String {
    format!("Tag {name}")
}

/// A picture of a badge.
pub(crate) fn image(tag: Option<ImageTag>) -> String {
    match tag {
        Some(tag) => format!("Picture, {}", image_tag(tag)),
        None => IMAGE.to_owned(),
    }
}

/// When a picture is shown.
pub(crate) const fn image_tag(tag: ImageTag) -> &'static str {
    match tag {
        ImageTag::Earned => "earned",
        ImageTag::UnEarned => "not earned",
        ImageTag::InProgress => "on the way",
    }
}

/// The type of a custom field.
pub(crate) const fn data_type(data_type: DataType) -> &'static str {
    match data_type {
        DataType::String => "a text",
        DataType::Integer => "a whole number",
        DataType::Boolean => "true or false",
        DataType::Date => "a date",
    }
}

/// The title of the editor of a badge.
pub(crate) fn edit(name: &str) -> String {
    format!("Edit {name}")
}

/// The title of what changes of a badge.
pub(crate) fn changes_of(name: &str) -> String {
    format!("Changes of {name}")
}

/// The name of a copy of a badge.
pub(crate) fn copy_of(name: &str) -> String {
    format!("{name} (copy)")
}

/// What a field of the API's bodies is called; those that are not here have their own name.
pub(crate) fn field(path: &str) -> String {
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (first, rest) = path.split_at(end);
    let known = match first {
        "name" => NAME,
        "description" => DESCRIPTION,
        "startOn" => STARTS,
        "expiresOn" => ENDS,
        "earnType" => EARN_TYPE,
        "issuedBadgeExpiry" => ENROLMENT_ENDS,
        "earnedBadgeExpiry" => EARN_ENDS,
        "ownership" => OWNERS,
        "customerConstraints" => "Limits for each customer",
        "badgeConstraints" => "Limits for all customers",
        "badgeGroupId" => GROUP,
        "badgeRank" | "rank" => RANK,
        "defaultTillId" => DEFAULT_TILL,
        "customFields" => CUSTOM_FIELDS,
        "images" => IMAGES,
        "tags" => TAGS,
        "benefits" => BENEFITS,
        "active" => IS_ON,
        "dataType" => KIND,
        "defaultValue" => DEFAULT_VALUE,
        "ownerType" => OWNER,
        "referenceId" => REFERENCE,
        "issueEventDate" | "earnEventDate" => EVENT_DATE,
        "url" => ADDRESS,
        "types" => EVENT_TYPES,
        "headers" => HEADERS,
        other => other,
    };
    let rest = rest.trim_start_matches(".restrictedToOwners");
    let mut text = known.to_owned();
    for part in rest.split(['.', '[']).filter(|it| !it.is_empty()) {
        // Rows are counted from one.
        match part.trim_end_matches(']').parse::<usize>() {
            Ok(place) => text = format!("{text}, row {}", place + 1),
            Err(_) => text = format!("{text}, {}", field_within(part)),
        }
    }
    text
}

/// What a field within a field is called.
fn field_within(name: &str) -> &str {
    match name {
        "name" => "name",
        "value" => "value",
        "constraintType" | "expiryType" => "kind",
        "maxEarnLimit" | "maxEarnForDays" => "at most",
        "refreshRate" | "rollForDays" => "length",
        "durationType" => "unit",
        other => other,
    }
}

/// What is to be mended of a field, which the message does not name.
pub(crate) fn of_field(path: &str, message: &str) -> String {
    format!("{}: {message}", field(path))
}

/// What a picture of counts says to who does not see it.
pub(crate) fn chart(days: u16, issued: i64, earned: i64, most: i64) -> String {
    format!("In the last {days} days {issued} enrolled and {earned} earned, at most {most} a day")
}

/// What a day of it says.
pub(crate) fn chart_day(date: Date, issued: i64, earned: i64) -> String {
    format!("{}: {issued} enrolled, {earned} earned", day(date))
}

/// A job, by its id.
pub(crate) fn job(id: &str) -> String {
    format!("Job {id}")
}

/// What a job does.
pub(crate) const fn job_operation(operation: JobOperation) -> &'static str {
    match operation {
        JobOperation::Enrol => "enrol customers",
        JobOperation::Earn => "let customers earn",
        JobOperation::RevokeEnrolments => "revoke enrolments",
        JobOperation::RevokeEarns => "revoke earned badges",
        JobOperation::Import => "take over earned badges",
        JobOperation::Customers => "write the customer directory",
    }
}

/// How far a job has come.
pub(crate) const fn job_state(state: JobState) -> &'static str {
    match state {
        JobState::Open => "gets its file",
        JobState::Queued => "waits for its turn",
        JobState::Running => "running",
        JobState::Cancelling => "being stopped",
        JobState::Cancelled => "stopped",
        JobState::Completed => "completed",
        JobState::Failed => "failed",
    }
}

/// How fast a job is.
pub(crate) fn rows_per_second(rows: u64) -> String {
    format!("{rows} rows a second")
}

/// What became of a row, as the API says it.
pub(crate) fn row_status(status: &str) -> String {
    match status {
        "REFUSED" => "refused".to_owned(),
        "INVALID" => "unreadable".to_owned(),
        other => word(other),
    }
}

/// A word of the API as people write it.
pub(crate) fn word(name: &str) -> String {
    name.to_lowercase().replace('_', " ")
}

/// What an entry of the audit trail is about.
pub(crate) fn entity_kind(name: &str) -> String {
    match name {
        "EARN" => "earned badge".to_owned(),
        other => word(other),
    }
}

/// A webhook, by its id.
pub(crate) fn webhook(id: impl Display) -> String {
    format!("Webhook {id}")
}

/// Whether anything is sent to a webhook.
pub(crate) const fn webhook_state(state: WebhookState) -> &'static str {
    match state {
        WebhookState::Active => "active",
        WebhookState::Paused => "paused",
        WebhookState::Disabled(_) => "stopped by the server",
    }
}

/// Why the server stopped a webhook.
pub(crate) const fn disabled_reason(reason: DisabledReason) -> &'static str {
    match reason {
        DisabledReason::NoSuccess => {
            "Nothing succeeded for five days. Mend the receiver, then enable it."
        }
        DisabledReason::Gone => {
            "The receiver answered that it is gone (410). Change the address, then enable it."
        }
    }
}

/// The form in which events are sent.
pub(crate) const fn delivery_format(format: DeliveryFormat) -> &'static str {
    match format {
        DeliveryFormat::CloudEvents => "CloudEvents",
        DeliveryFormat::Gateway => "as the API family's own events",
    }
}

/// Which events wait for which.
pub(crate) const fn delivery_order(order: DeliveryOrder) -> &'static str {
    match order {
        DeliveryOrder::Customer => "those of a customer in order",
        DeliveryOrder::None => "in no order",
        DeliveryOrder::Strict => "all in order",
    }
}

/// What has become of a change.
pub(crate) const fn change_state(state: ChangeState) -> &'static str {
    match state {
        ChangeState::Pending => "waits",
        ChangeState::Approved => "approved",
        ChangeState::Rejected => "rejected",
        ChangeState::Withdrawn => "withdrawn",
        ChangeState::Expired => "expired",
        ChangeState::Failed => "failed",
    }
}

/// The title of a change that does this.
pub(crate) fn change(operation: &str) -> String {
    format!("Approval: {operation}")
}

/// How many of the votes that are needed there are.
pub(crate) fn votes(cast: usize, needed: u8) -> String {
    format!("{cast} of {needed}")
}

/// What a rule is about.
pub(crate) fn ruled_operation(name: &str) -> String {
    match name {
        "UPDATE_BADGE" => "edit a live badge".to_owned(),
        "DEACTIVATE_BADGE" => "deactivate a badge".to_owned(),
        "EARN" => "let customers earn".to_owned(),
        "ENROL" => "enrol customers".to_owned(),
        "REVOKE" => "revoke enrolments and earned badges".to_owned(),
        "IMPORT" => "take over earned badges".to_owned(),
        "JOB" => "start a job".to_owned(),
        "MERGE" => "merge customers".to_owned(),
        "ERASE" => "erase a customer".to_owned(),
        "CLIENT" => "make and change API clients".to_owned(),
        "WEBHOOK" => "make and change webhooks".to_owned(),
        "RULES" => "change these rules".to_owned(),
        other => word(other),
    }
}

/// What is to be mended of a rule.
pub(crate) fn of_rule(operation: &str, message: &str) -> String {
    format!("{}: {message}", ruled_operation(operation))
}

/// An access group, and what it permits.
pub(crate) fn access_group(group: AccessGroup) -> String {
    let what = match group {
        AccessGroup::BadgesRead => "reads badges and what customers have",
        AccessGroup::BadgesWrite => "defines badges, groups and fields; the customer directory",
        AccessGroup::BadgesIssue => "enrols, lets earn, revokes, imports",
        AccessGroup::BadgesApprove => "votes on what waits for approval",
        AccessGroup::Admin => "everything",
    };
    format!("{} – {what}", group.name())
}

/// A role, and what it is for.
pub(crate) fn role(role: Role) -> String {
    let what = match role {
        Role::Viewer => "sees customers, badges, jobs and approvals",
        Role::Care => "enrols, lets earn, revokes",
        Role::Campaign => "edits badges, groups and fields; runs jobs",
        Role::Approver => "votes on what waits for approval",
        Role::Admin => "audit trail, webhooks, rules, clients, operators",
    };
    format!("{} – {what}", role.name())
}
