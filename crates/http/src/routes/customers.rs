//! What a customer holds: for the customer, and for the care desk.

use accolade_application::access::AccessGroup;
use accolade_application::customers::{badges, details};
use accolade_domain::ids::BadgeId;
use accolade_domain::rejection::Code;
use accolade_wire::customer::badges::{CustomerBadgesBody, ManagedBadgesBody};
use accolade_wire::customer::details::DetailsBody;
use accolade_wire::customer::query as customer_query;
use accolade_wire::render;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::openapi::success::Success;
use crate::routes::call::Call;
use crate::routes::{identifier, read};

/// List a customer's badges
///
/// Those open for enrolment, unless `badgeType` says otherwise. By rank: the group's ascending (1
/// ranks highest), badges without group last; then the badge's, unranked last; then those that end
/// last first.
#[utoipa::path(
    get,
    path = "/api_gateway/v1/badges/customer/{customerId}",
    operation_id = "listCustomerBadges",
    tag = "Customers",
    params(
        ("customerId" = String, Path, description = "The customer's number, or an identifier, percent-encoded."),
        ("badgeType" = Option<String>, Query, description = "AVAILABLE_TO_ISSUE (default): open for enrolment; AVAILABLE: earned directly, or the customer is enrolled; EARNED: with an earned badge that has not expired; EXPIRED: with expired ones only."),
        ("includeExpired" = Option<bool>, Query, description = "Also badges that have ended; with EARNED also earned badges that have expired."),
        ("groupId" = Option<String>, Query, description = "Of this group."),
        ("sortOn" = Option<String>, Query, description = "RANK (default), LAST_EARNED_ON_DATE or LAST_EARNED_EVENT_DATE, the last first."),
        ("page" = Option<u32>, Query, description = "From 0."),
        ("size" = Option<u32>, Query, description = "1 to 100, default 10; also `limit`."),
        ("X-CAP-CUSTOMER-IDENTIFIER" = Option<String>, Header, description = "email, mobile, externalId or cardNumber: `customerId` is an identifier of this kind."),
    ),
    responses((
        status = 200,
        description = "One page of badges.",
        body = Success<CustomerBadgesBody>,
        example = json!(crate::openapi::example::customer_badges()),
    )),
)]
pub(crate) async fn list_customer_badges(call: Call) -> Result<HttpResponse, Failure> {
    let customer = identifier::in_path(&call);
    let now = call.state.ports.clock.now();
    let catalogues = call.state.catalogues.clone();
    read::answer(
        call,
        AccessGroup::BadgesRead,
        |query| customer_query::read(query, now),
        move |ports, caller, asked| {
            let query = asked(identifier::one(ports, caller, customer?, None)?);
            Ok((badges(ports, &catalogues, caller, &query)?, query))
        },
        |(page, query), _, context| render::customer_badges(page, query, context),
    )
    .await
}

/// List a customer's badges for the care desk
#[utoipa::path(
    get,
    path = "/api_gateway/v1/badges/management/{customerId}",
    operation_id = "listManagedBadges",
    tag = "Customers",
    params(
        ("customerId" = String, Path, description = "The customer's number, or an identifier, percent-encoded."),
        ("badgeType" = Option<String>, Query, description = "AVAILABLE_TO_ISSUE (default), AVAILABLE, EARNED or EXPIRED, as in the customer's list."),
        ("action" = Option<String>, Query, description = "ACTIVATED or DE_ACTIVATED."),
        ("badgeStatus" = Option<String>, Query, description = "Comma list of UPCOMING, LIVE, EXPIRED (also ENDED)."),
        ("owner" = Option<String>, Query, description = "Restricted to owners among which is this one."),
        ("claimedBy" = Option<String>, Query, description = "With an active claim of this type of owner."),
        ("name" = Option<String>, Query, description = "Whose name contains this, ignoring case."),
        ("startOn" = Option<String>, Query, description = "That start later than this, or earlier."),
        ("startOnOperator" = Option<String>, Query, description = "GREATER_THAN (default) or LESS_THAN."),
        ("expiresOn" = Option<String>, Query, description = "That end earlier than this, or later."),
        ("expiresOnOperator" = Option<String>, Query, description = "LESS_THAN (default) or GREATER_THAN."),
        ("groupId" = Option<String>, Query, description = "Of this group."),
        ("sortOn" = Option<String>, Query, description = "EXPIRES_ON (default), LAST_MODIFIED_DATE, LAST_ISSUED_DATE, LAST_EXPIRED_BADGE, LAST_EARNED_ON_DATE or LAST_EARNED_EVENT_DATE."),
        ("order" = Option<String>, Query, description = "DESC (default) or ASC."),
        ("page" = Option<u32>, Query, description = "From 0."),
        ("size" = Option<u32>, Query, description = "1 to 100, default 10; also `limit`."),
        ("X-CAP-CUSTOMER-IDENTIFIER" = Option<String>, Header, description = "email, mobile, externalId or cardNumber: `customerId` is an identifier of this kind."),
    ),
    responses((
        status = 200,
        description = "One page of badges.",
        body = Success<ManagedBadgesBody>,
        example = json!(crate::openapi::example::managed_badges()),
    )),
)]
pub(crate) async fn list_managed_badges(call: Call) -> Result<HttpResponse, Failure> {
    let customer = identifier::in_path(&call);
    let now = call.state.ports.clock.now();
    let catalogues = call.state.catalogues.clone();
    read::answer(
        call,
        AccessGroup::BadgesRead,
        |query| customer_query::read_management(query, now),
        move |ports, caller, asked| {
            let query = asked(identifier::one(ports, caller, customer?, None)?);
            Ok((badges(ports, &catalogues, caller, &query)?, query))
        },
        |(page, query), _, context| render::managed_badges(page, query, context),
    )
    .await
}

/// Look up a customer's badge
///
/// With statistics also the limits that hold now and what is taken of them, all enrolments and earned
/// badges, and the latest earns that were refused, with the reason.
#[utoipa::path(
    get,
    path = "/api_gateway/v1/badges/management/{customerId}/badge/{badgeId}",
    operation_id = "getCustomerBadge",
    tag = "Customers",
    params(
        ("customerId" = String, Path, description = "The customer's number, or an identifier, percent-encoded."),
        ("badgeId" = String, Path, description = "The id of the badge."),
        ("includeStatistics" = Option<bool>, Query, description = "Default false."),
        ("X-CAP-CUSTOMER-IDENTIFIER" = Option<String>, Header, description = "email, mobile, externalId or cardNumber: `customerId` is an identifier of this kind."),
    ),
    responses((
        status = 200,
        description = "The badge and all that the customer has of it.",
        body = Success<DetailsBody>,
        example = json!(crate::openapi::example::customer_details()),
    )),
)]
pub(crate) async fn get_customer_badge(call: Call) -> Result<HttpResponse, Failure> {
    let customer = identifier::in_path(&call);
    let badge = call.id::<BadgeId>("badgeId", Code::NotFound.message());
    read::answer(
        call,
        AccessGroup::BadgesRead,
        |query| query.flag("includeStatistics").unwrap_or(false),
        move |ports, caller, statistics| {
            let customer = identifier::one(ports, caller, customer?, None)?;
            details(ports, caller, customer, badge?, *statistics)
        },
        |shown, statistics, context| render::details(shown, *statistics, context),
    )
    .await
}
