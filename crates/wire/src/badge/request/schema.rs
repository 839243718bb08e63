//! What the bodies of *create* and *update* look like, for the OpenAPI document.
//!
//! The body is read field by field, so that everything wrong with it is said at
//! once; a test keeps these types and the reader on the same fields.

use std::borrow::Cow;

use serde_json::json;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::badge::request::{ImageRequestBody, TagRequestBody};
use crate::instant::WireIso;
use crate::shapes::InstantInput;
use crate::words::{CalendarUnitName, EarnTypeName, OwnerTypeName, WeekdayName};

/// A badge to create, or what a badge is to be from now on.
#[derive(ToSchema)]
#[schema(as = BadgeMetaRequest, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what is read elsewhere")]
pub struct BadgeRequestBody {
    /// In an update: which badge; required where the path does not say it. In a creation with
    /// `X-CAP-BADGES-MIGRATION: migration`: the id by which its callers know it; else one is made.
    id: Option<String>,
    /// Its name: 1 to 255 characters, unique in the organisation, case-sensitive.
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    /// A text for people: up to 4 000 characters.
    #[schema(max_length = 4000)]
    description: Option<String>,
    /// When it starts: before its end, and not in the past unless
    /// `X-CAP-BADGES-MIGRATION: migration` is sent. Required, unless its twin is given.
    start_on: Option<InstantInput>,
    /// The same as text; wins where the two differ.
    #[schema(rename = "startOnISO")]
    start_on_iso: Option<WireIso>,
    /// When it ends: not in the past unless migrating. Required, unless its twin is given.
    expires_on: Option<InstantInput>,
    /// The same as text; wins where the two differ.
    #[schema(rename = "expiresOnISO")]
    expires_on_iso: Option<WireIso>,
    /// Whether customers are enrolled first.
    #[schema(value_type = EarnTypeName)]
    earn_type: String,
    /// When an enrolment expires: required for `ISSUE_EARN`, ignored for EARN.
    issued_badge_expiry: Option<ExpiryRequestBody>,
    /// When an earned badge expires.
    earned_badge_expiry: ExpiryRequestBody,
    /// Who may claim it.
    ownership: OwnershipRequestBody,
    /// Limits for each customer, at most ten. A limit counts where its kind belongs, whichever of the
    /// two lists it is in.
    customer_constraints: Option<Vec<ConstraintRequestBody>>,
    /// Limits for all customers together, at most ten.
    badge_constraints: Option<Vec<ConstraintRequestBody>>,
    /// Pictures.
    images: Option<Vec<ImageRequestBody>>,
    /// Names and values.
    tags: Option<Vec<TagRequestBody>>,
    /// What earning it brings: objects with a `benefitType`, kept as they are sent.
    benefits: Option<Vec<BenefitRequestBody>>,
    /// Values of the organisation's custom fields, by their names. A mandatory one that is left
    /// out gets its default.
    #[schema(value_type = Option<Object>)]
    custom_fields: Option<()>,
    /// The group that it belongs to, which must be there.
    badge_group_id: Option<String>,
    /// Its place among other badges: 1 is highest.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    badge_rank: Option<i64>,
    /// The till on whose behalf benefits are given.
    default_till_id: Option<i64>,
    /// Whether it is on; also read as `isActive`. Default true; in an update, as it is.
    active: Option<bool>,
}

/// When what a customer gets from a badge expires.
#[derive(ToSchema)]
#[schema(as = ExpiryRequest, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what is read elsewhere")]
pub(crate) struct ExpiryRequestBody {
    /// `RELATIVE`, `ABSOLUTE` or `NEVER`.
    expiry_type: String,
    /// For RELATIVE: the calendar unit. Also read as `relativeExpiryType`.
    #[schema(rename = "relativeExpirytype", value_type = Option<CalendarUnitName>)]
    relative_expiry_type: Option<String>,
    /// For RELATIVE: how many of them.
    #[schema(minimum = 1, maximum = 36_500)]
    value: Option<u32>,
    /// For ABSOLUTE: `WITH_BADGE_META` or `FIXED_DATE`.
    #[schema(rename = "type")]
    kind: Option<String>,
    /// For `FIXED_DATE`: the date.
    expires_on: Option<InstantInput>,
    /// The same as text; wins where the two differ.
    #[schema(rename = "expiresOnISO")]
    expires_on_iso: Option<WireIso>,
    /// For ABSOLUTE: true says the same as `WITH_BADGE_META`.
    expire_with_badge_meta: Option<bool>,
}

/// Who may claim the badge.
#[derive(ToSchema)]
#[schema(as = OwnershipRequest, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what is read elsewhere")]
pub(crate) struct OwnershipRequestBody {
    /// The owners that may claim it.
    #[schema(min_items = 1, value_type = Vec<OwnerTypeName>)]
    restricted_to_owners: Vec<String>,
}

/// A limit. Which fields it takes depends on its kind.
#[derive(ToSchema)]
#[schema(as = ConstraintRequest, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what is read elsewhere")]
pub(crate) struct ConstraintRequestBody {
    /// `CUSTOMER_BADGE_` or `BADGE_`, by the list that it stands in, and `FIXED_VALUE`,
    /// `FIXED_WINDOW`, `ROLLING_WINDOW` or `NO_LIMIT`.
    constraint_type: String,
    /// For `FIXED_WINDOW` in an update: the configuration that is meant, as it was answered.
    reference_id: Option<String>,
    /// The most earns: for `FIXED_VALUE`, `FIXED_WINDOW` and `BADGE_ROLLING_WINDOW`.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    max_earn_limit: Option<u32>,
    /// For `FIXED_WINDOW`: the unit of a window.
    #[schema(value_type = Option<CalendarUnitName>)]
    duration_type: Option<String>,
    /// For `FIXED_WINDOW` of DAYS: how many days a window has.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    refresh_rate: Option<u32>,
    /// For `FIXED_WINDOW` of WEEKS: the day on which a week begins. Default Monday.
    #[schema(value_type = Option<WeekdayName>)]
    start_day_of_the_week: Option<String>,
    /// For `BADGE_ROLLING_WINDOW`: the unit of the window.
    #[schema(value_type = Option<CalendarUnitName>)]
    roll_type: Option<String>,
    /// For `BADGE_ROLLING_WINDOW`: how many of them.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    roll_value: Option<u32>,
    /// For `CUSTOMER_BADGE_ROLLING_WINDOW`: the most earns in `rollForDays` days.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    max_earn_for_days: Option<u32>,
    /// Days of 24 hours.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    roll_for_days: Option<u32>,
    /// For `CUSTOMER_BADGE_ROLLING_WINDOW`: the most earns in `rollForWeeks` weeks.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    max_earn_for_weeks: Option<u32>,
    /// Weeks of 168 hours.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    roll_for_weeks: Option<u32>,
    /// For `CUSTOMER_BADGE_ROLLING_WINDOW`: the most earns in `rollForMonths` months.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    max_earn_for_months: Option<u32>,
    /// Calendar months.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    roll_for_months: Option<u32>,
}

/// What earning the badge brings.
pub(crate) struct BenefitRequestBody;

impl PartialSchema for BenefitRequestBody {
    fn schema() -> RefOr<Schema> {
        let kind = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(255))
            .description(Some("Its kind, such as COUPON or `LOYALTY_POINTS`."))
            .examples([json!("COUPON")]);
        // Any value: what else it has is part of it.
        let further = ObjectBuilder::new().schema_type(SchemaType::AnyValue);
        let further: RefOr<Schema> = further.into();
        ObjectBuilder::new()
            .property("benefitType", kind)
            .required("benefitType")
            .additional_properties(Some(further))
            .description(Some(
                "What earning the badge brings. Further members are kept as they are sent.",
            ))
            .into()
    }
}

impl ToSchema for BenefitRequestBody {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("BenefitRequest")
    }
}
