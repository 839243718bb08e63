//! Which codes each operation can answer.

use accolade_domain::rejection::Code;

/// What any operation of the API's prefix can answer.
const ALWAYS: &[Code] = &[
    Code::Unauthenticated,
    Code::Forbidden,
    Code::TooManyFailures,
    Code::Unreadable,
    Code::BodyTimeout,
    Code::Internal,
    Code::Unavailable,
    Code::UnknownField,
];

/// What any operation that writes can answer besides.
const WRITES: &[Code] = &[
    Code::IdempotencyKeyReused,
    Code::IdempotencyKeyRunning,
    Code::BodyTooLarge,
    Code::OutcomeUnknown,
];

/// What any operation that reads a JSON body can answer besides.
const READS_JSON: &[Code] = &[Code::UnsupportedMediaType];

/// What an operation that lets customers earn can answer besides.
const EARNS: &[Code] = &[
    Code::InvalidEnum,
    Code::NotFound,
    Code::OwnerNotAllowed,
    Code::OwnerTypeMissing,
    Code::ReferenceMissing,
    Code::EarnInFuture,
    Code::RequestIdMissing,
    Code::RequestIdUsed,
    Code::ClaimFirst,
    Code::NotEnrolled,
    Code::NotLive,
    Code::EventOutsidePeriod,
    Code::CustomerLimitReached,
    Code::BadgeLimitReached,
    Code::BadgeDeactivated,
    Code::DatesDisagree,
];

const ENROL_CUSTOMERS: &[&[Code]] = &[
    ALWAYS,
    WRITES,
    READS_JSON,
    &[
        Code::InvalidEnum,
        Code::NotFound,
        Code::OwnerNotAllowed,
        Code::OwnerTypeMissing,
        Code::ReferenceMissing,
        Code::RequestIdUsed,
        Code::ClaimFirst,
        Code::CustomerMissing,
        Code::EventOutsidePeriod,
        Code::ActiveIssueExists,
        Code::BadgeDeactivated,
        Code::EarnedDirectly,
        Code::ExpiresBeforeStart,
        Code::TooManyCustomers,
        Code::IdentifierUnknown,
        Code::DatesDisagree,
        Code::CustomerRepeated,
    ],
];

const CREATE_BADGE: &[&[Code]] = &[
    ALWAYS,
    WRITES,
    READS_JSON,
    &[
        Code::InvalidEnum,
        Code::NotFound,
        Code::StartNotBeforeEnd,
        Code::StartInPast,
        Code::EndInPast,
        Code::NameTaken,
        Code::OwnerRequired,
        Code::CustomFieldValueType,
        Code::CustomFieldUnknown,
        Code::DatesDisagree,
        Code::FieldIgnored,
    ],
];

const UPDATE_BADGE: &[&[Code]] = &[
    ALWAYS,
    WRITES,
    READS_JSON,
    &[
        Code::InvalidEnum,
        Code::NotFound,
        Code::StartNotBeforeEnd,
        Code::StartInPast,
        Code::StartFixedOnceLive,
        Code::EndInPast,
        Code::NameTaken,
        Code::OwnerRequired,
        Code::OwnerHasClaim,
        Code::CustomFieldValueType,
        Code::CustomFieldUnknown,
        Code::ConstraintKindFixed,
        Code::EarnTypeFixed,
        Code::PreconditionFailed,
        Code::DatesDisagree,
        Code::FieldIgnored,
    ],
];

const EARN_BADGE: &[&[Code]] = &[
    ALWAYS,
    WRITES,
    READS_JSON,
    EARNS,
    &[Code::CustomerMissing, Code::IdentifierUnknown],
];

const EARN_BADGE_BULK: &[&[Code]] = &[
    ALWAYS,
    WRITES,
    READS_JSON,
    EARNS,
    &[
        Code::CustomerMissing,
        Code::TooManyCustomers,
        Code::IdentifierUnknown,
        Code::CustomerRepeated,
    ],
];

const REVOKE_EARN: &[&[Code]] = &[
    ALWAYS,
    WRITES,
    READS_JSON,
    &[
        Code::InvalidEnum,
        Code::NotFound,
        Code::RequestIdUsed,
        Code::CustomerMissing,
        Code::NoActiveEarn,
        Code::IdentifierUnknown,
    ],
];

const REVOKE_ENROLMENTS: &[&[Code]] = &[
    ALWAYS,
    WRITES,
    READS_JSON,
    &[
        Code::InvalidEnum,
        Code::NotFound,
        Code::RequestIdUsed,
        Code::CustomerMissing,
        Code::RevokeWhat,
        Code::TooManyCustomers,
        Code::IdentifierUnknown,
        Code::CustomerRepeated,
        Code::FieldIgnored,
    ],
];

const IMPORT_CUSTOMER_BADGES: &[&[Code]] = &[
    ALWAYS,
    WRITES,
    READS_JSON,
    &[
        Code::InvalidEnum,
        Code::NotFound,
        Code::RequestIdUsed,
        Code::CustomerMissing,
        Code::TooManyCustomers,
        Code::IdentifierUnknown,
        Code::DatesDisagree,
    ],
];

const CREATE_GROUP: &[&[Code]] = &[
    ALWAYS,
    WRITES,
    READS_JSON,
    &[
        Code::GroupRankRequired,
        Code::GroupNameTaken,
        Code::FieldIgnored,
    ],
];

const UPDATE_GROUP: &[&[Code]] = &[
    ALWAYS,
    WRITES,
    READS_JSON,
    &[Code::NotFound, Code::GroupNameTaken, Code::FieldIgnored],
];

const REMOVE_GROUP: &[&[Code]] = &[
    ALWAYS,
    &[Code::NotFound, Code::BodyTooLarge, Code::OutcomeUnknown],
];

const CREATE_CUSTOM_FIELD: &[&[Code]] = &[
    ALWAYS,
    WRITES,
    READS_JSON,
    &[
        Code::InvalidEnum,
        Code::CustomFieldNameTaken,
        Code::CustomFieldDefaultRequired,
        Code::CustomFieldValueType,
        Code::FieldIgnored,
    ],
];

const UPDATE_CUSTOM_FIELD: &[&[Code]] = &[
    ALWAYS,
    WRITES,
    READS_JSON,
    &[
        Code::InvalidEnum,
        Code::NotFound,
        Code::CustomFieldNameTaken,
        Code::CustomFieldDefaultRequired,
        Code::CustomFieldTypeFixed,
        Code::CustomFieldDisabled,
        Code::CustomFieldValueType,
        Code::FieldIgnored,
    ],
];

const PUT_CUSTOMER: &[&[Code]] = &[
    ALWAYS,
    WRITES,
    READS_JSON,
    &[
        Code::InvalidEnum,
        Code::NotFound,
        Code::IdentifierUnknown,
        Code::IdentifierTaken,
        Code::FieldIgnored,
    ],
];

const PUT_CUSTOMERS: &[&[Code]] = &[
    ALWAYS,
    WRITES,
    READS_JSON,
    &[
        Code::InvalidEnum,
        Code::CustomerMissing,
        Code::TooManyCustomers,
        Code::IdentifierUnknown,
        Code::IdentifierTaken,
    ],
];

const CLAIM_BADGE: &[&[Code]] = &[
    ALWAYS,
    WRITES,
    READS_JSON,
    &[
        Code::InvalidEnum,
        Code::NotFound,
        Code::OwnerNotAllowed,
        Code::OwnerTypeMissing,
        Code::ReferenceMissing,
        Code::BadgeDeactivated,
    ],
];

const UNCLAIM_BADGE: &[&[Code]] = &[
    ALWAYS,
    WRITES,
    READS_JSON,
    &[
        Code::InvalidEnum,
        Code::NotFound,
        Code::OwnerTypeMissing,
        Code::ReferenceMissing,
        Code::ClaimNotFound,
    ],
];

const ACTIVATE_BADGE: &[&[Code]] = &[ALWAYS, WRITES, &[Code::NotFound]];

const GET_BADGE: &[&[Code]] = &[ALWAYS, &[Code::NotFound]];

const LIST_BADGES: &[&[Code]] = &[ALWAYS, &[Code::InvalidEnum]];

const LIST_GROUPS: &[&[Code]] = &[ALWAYS];

const LIST_CUSTOMER_BADGES: &[&[Code]] = &[
    ALWAYS,
    &[Code::InvalidEnum, Code::NotFound, Code::IdentifierUnknown],
];

const GET_FIXED_WINDOW_DETAILS: &[&[Code]] = &[
    ALWAYS,
    &[
        Code::InvalidEnum,
        Code::NotFound,
        Code::CustomerMissing,
        Code::IdentifierUnknown,
    ],
];

const GENERATE_TOKEN: &[&[Code]] = &[
    READS_JSON,
    &[
        Code::Unauthenticated,
        Code::TooManyFailures,
        Code::BodyTooLarge,
        Code::BodyTimeout,
        Code::Internal,
        Code::Unavailable,
        Code::Unreadable,
    ],
];

/// What an operation can answer besides 200 without warnings, by its id, in
/// the order of the numbers.
pub(crate) fn codes_of(operation_id: &str) -> Vec<Code> {
    let own = match operation_id {
        "enrolCustomers" => ENROL_CUSTOMERS,
        "createBadge" => CREATE_BADGE,
        "updateBadge" | "updateNamedBadge" => UPDATE_BADGE,
        "earnBadge" => EARN_BADGE,
        "earnBadgeBulk" => EARN_BADGE_BULK,
        "revokeEarn" => REVOKE_EARN,
        "revokeEnrolments" => REVOKE_ENROLMENTS,
        "importCustomerBadges" | "postCustomerBadges" => IMPORT_CUSTOMER_BADGES,
        "createGroup" => CREATE_GROUP,
        "updateGroup" => UPDATE_GROUP,
        "removeGroup" => REMOVE_GROUP,
        "createCustomField" => CREATE_CUSTOM_FIELD,
        "updateCustomField" => UPDATE_CUSTOM_FIELD,
        "putCustomer" => PUT_CUSTOMER,
        "putCustomers" => PUT_CUSTOMERS,
        "claimBadge" => CLAIM_BADGE,
        "unclaimBadge" => UNCLAIM_BADGE,
        "activateBadge" | "deactivateBadge" => ACTIVATE_BADGE,
        "getBadge" | "getRequests" | "getGroup" | "getCustomField" => GET_BADGE,
        "listBadges" | "listCustomFields" => LIST_BADGES,
        "listGroups" => LIST_GROUPS,
        "listCustomerBadges" | "listManagedBadges" | "getCustomerBadge" => LIST_CUSTOMER_BADGES,
        "getFixedWindowDetails" => GET_FIXED_WINDOW_DETAILS,
        "generateToken" => GENERATE_TOKEN,
        _ => &[],
    };
    let mut codes: Vec<_> = own.iter().flat_map(|part| part.iter().copied()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}
