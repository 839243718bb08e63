//! The columns of each operation: what a column is called, and which are needed.

use accolade_domain::job::JobOperation;

pub(super) const BADGE: &str = "badgeMetaId";
pub(super) const CUSTOMER: &str = "customerId";
pub(super) const EVENT_DATE: &str = "eventDate";
pub(super) const EXPIRES_ON: &str = "earnExpiresOn";
pub(super) const ISSUED: &str = "issuedId";
pub(super) const EARNED: &str = "earnedBadgeId";
pub(super) const TRIGGERED_BY: &str = "triggeredBy";
pub(super) const OWNER_TYPE: &str = "ownerType";
pub(super) const REFERENCE: &str = "referenceId";
pub(super) const REASON: &str = "reason";

const EVENT_DATE_ISO: &str = "eventDateISO";
const EXPIRES_ON_ISO: &str = "earnExpiresOnISO";

/// The names of a field: its own, and others that are read for it.
type Names = &'static [&'static str];

const WHOSE: &[Names] = &[
    &[CUSTOMER],
    &["email"],
    &["mobile"],
    &["externalId"],
    &["cardNumber"],
];
const WHICH_BADGE: &[Names] = &[&[BADGE]];
const WHEN: &[Names] = &[
    &[EVENT_DATE, "earnEventDate", "issueEventDate"],
    &[EVENT_DATE_ISO, "earnEventDateISO", "issueEventDateISO"],
];
const BY_WHOM: &[Names] = &[&[TRIGGERED_BY], &[OWNER_TYPE], &[REFERENCE]];
const UNTIL: &[Names] = &[
    &[EXPIRES_ON, "expiresOn"],
    &[EXPIRES_ON_ISO, "expiresOnISO"],
];
const WHICH_ENROLMENT: &[Names] = &[&[ISSUED, "issueId"]];
const WHICH_EARN: &[Names] = &[&[EARNED]];
const WHY: &[Names] = &[&[REASON]];

/// The fields of the rows of `operation`.
fn fields(operation: JobOperation) -> &'static [&'static [Names]] {
    match operation {
        JobOperation::Enrol | JobOperation::Earn => &[WHOSE, WHICH_BADGE, WHEN, BY_WHOM],
        JobOperation::RevokeEnrolments => &[WHOSE, WHICH_BADGE, WHICH_ENROLMENT, WHY],
        JobOperation::RevokeEarns => &[WHOSE, WHICH_BADGE, WHICH_EARN, WHY],
        JobOperation::Import => &[WHOSE, WHICH_BADGE, WHEN, UNTIL],
        JobOperation::Customers => &[WHOSE],
    }
}

/// The field of `operation` that is called `name`, in any case.
pub(super) fn field(operation: JobOperation, name: &str) -> Option<&'static str> {
    let name = name.trim();
    let is_it = |names: &&Names| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    let names = fields(operation).iter().copied().flatten().find(is_it)?;
    names.first().copied()
}

/// Fields of which a file must have one.
pub(super) struct Need {
    /// The fields; what is said of them is said of the first.
    pub(super) fields: &'static [&'static str],
    /// What to do if there is none.
    pub(super) message: &'static str,
}

const A_BADGE: Need = Need {
    fields: &[BADGE],
    message: "There is no column badgeMetaId. Add it, separated by a comma, or name the badge in the \
              job.",
};
const A_CUSTOMER: Need = Need {
    fields: &[CUSTOMER, "email", "mobile", "externalId", "cardNumber"],
    message: "There is no column that names customers. Add customerId, email, mobile, externalId or \
              cardNumber.",
};
const A_NUMBER: Need = Need {
    fields: &[CUSTOMER],
    message: "There is no column customerId. Add it.",
};
const AN_IDENTIFIER: Need = Need {
    fields: &["email", "mobile", "externalId", "cardNumber"],
    message: "There is no column with identifiers, so every customer would lose all of them. Add \
              email, mobile, externalId or cardNumber.",
};
const AN_EARN: Need = Need {
    fields: &[EARNED],
    message: "There is no column earnedBadgeId. Add it.",
};
const A_DATE: Need = Need {
    fields: &[EVENT_DATE, EVENT_DATE_ISO],
    message: "There is no column eventDate or earnEventDate. Add it, or say the date in the job.",
};
const AN_END: Need = Need {
    fields: &[EXPIRES_ON, EXPIRES_ON_ISO],
    message: "There is no column earnExpiresOn. Add it.",
};

/// What a file must have for `operation`, unless the job says it.
pub(super) fn needs(operation: JobOperation) -> &'static [Need] {
    match operation {
        JobOperation::Enrol | JobOperation::Earn | JobOperation::RevokeEnrolments => {
            &[A_BADGE, A_CUSTOMER]
        }
        JobOperation::RevokeEarns => &[A_BADGE, A_CUSTOMER, AN_EARN],
        JobOperation::Import => &[A_BADGE, A_CUSTOMER, A_DATE, AN_END],
        JobOperation::Customers => &[A_NUMBER, AN_IDENTIFIER],
    }
}
