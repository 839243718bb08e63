//! What a customer holds: for the customer, and for the care desk.

use accolade_application::access::AccessGroup;
use accolade_application::customers::{badges, details};
use accolade_domain::ids::BadgeId;
use accolade_domain::rejection::Code;
use accolade_wire::customer::badges::{CustomerBadgesBody, ManagedBadgesBody};
use accolade_wire::customer::details::DetailsBody;
use accolade_wire::customer::named::NO_SUCH_NUMBER;
use accolade_wire::customer::query as customer_query;
use accolade_wire::render::{self, Context};
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::operation::{Operation, Success, example, get};
use crate::routes::call::Call;
use crate::routes::lookup::find_customer;

pub(crate) fn operations() -> Vec<Operation> {
    let mut operations = lists();
    operations.extend(single_badges());
    operations
}

fn lists() -> Vec<Operation> {
    vec![
        get("/customer/{customerId}", list_customer_badges)
            .named(
                "listCustomerBadges",
                "Customers",
                "List a customer's badges",
            )
            .about(
                "\
Those open for enrolment, unless `badgeType` says otherwise. By rank: the group's ascending (1
ranks highest), badges without group last; then the badge's, unranked last; then those that end
last first.",
            )
            .needs(AccessGroup::BadgesRead)
            .path_parameter(
                "customerId",
                "The customer's number, or an identifier, percent-encoded.",
            )
            .query(
                "badgeType",
                "AVAILABLE_TO_ISSUE (default): open for enrolment; AVAILABLE: earned directly, \
                 or the customer is enrolled; EARNED: with an earned badge that has not expired; \
                 EXPIRED: with expired ones only.",
            )
            .flag(
                "includeExpired",
                "Also badges that have ended; with EARNED also earned badges that have expired.",
            )
            .query("groupId", "Of this group.")
            .query(
                "sortOn",
                "RANK (default), LAST_EARNED_ON_DATE or LAST_EARNED_EVENT_DATE, the last first.",
            )
            .pages(10)
            .identifiers("`customerId` is an identifier")
            .answers::<Success<CustomerBadgesBody>>(
                "One page of badges.",
                example!("customer-badges"),
            )
            .codes(&[404, 1026, 1028, 1994])
            .not_found(NO_SUCH_NUMBER),
        get("/management/{customerId}", list_managed_badges)
            .named(
                "listManagedBadges",
                "Customers",
                "List a customer's badges for the care desk",
            )
            .needs(AccessGroup::BadgesRead)
            .path_parameter(
                "customerId",
                "The customer's number, or an identifier, percent-encoded.",
            )
            .query(
                "badgeType",
                "AVAILABLE_TO_ISSUE (default), AVAILABLE, EARNED or EXPIRED, as in the \
                 customer's list.",
            )
            .query("action", "ACTIVATED or DE_ACTIVATED (also DEACTIVATED).")
            .query(
                "badgeStatus",
                "Comma list of UPCOMING, LIVE, EXPIRED (also ENDED).",
            )
            .query("owner", "Restricted to owners among which is this one.")
            .query("claimedBy", "With an active claim of this type of owner.")
            .query("name", "Whose name contains this, ignoring case.")
            .query("startOn", "That start later than this, or earlier.")
            .query("startOnOperator", "GREATER_THAN (default) or LESS_THAN.")
            .query("expiresOn", "That end earlier than this, or later.")
            .query(
                "expiresOnOperator",
                "LESS_THAN (default) or GREATER_THAN; also `endOnOperator`.",
            )
            .query("groupId", "Of this group.")
            .query(
                "sortOn",
                "EXPIRES_ON (default), LAST_MODIFIED_DATE, LAST_ISSUED_DATE, LAST_EXPIRED_BADGE, \
                 LAST_EARNED_ON_DATE or LAST_EARNED_EVENT_DATE.",
            )
            .query("order", "DESC (default) or ASC.")
            .pages(10)
            .identifiers("`customerId` is an identifier")
            .answers::<Success<ManagedBadgesBody>>(
                "One page of badges.",
                example!("managed-badges"),
            )
            .codes(&[404, 1026, 1028, 1994])
            .not_found(NO_SUCH_NUMBER),
    ]
}

fn single_badges() -> Vec<Operation> {
    vec![
        get(
            "/management/{customerId}/badge/{badgeId}",
            get_customer_badge,
        )
        .named(
            "getCustomerBadge",
            "Customers",
            "Look up a customer's badge",
        )
        .about(
            "\
With statistics also the limits that hold now and what is taken of them, the customer's enrolments and
earned badges, a page of each, the newest first, with the number of all, and the latest earns that
were refused, with the reason.",
        )
        .needs(AccessGroup::BadgesRead)
        .path_parameter(
            "customerId",
            "The customer's number, or an identifier, percent-encoded.",
        )
        .path_parameter("badgeId", "The id of the badge.")
        .flag("includeStatistics", "Default false.")
        .number(
            "issualsLimit",
            "How many enrolments a page has: default 100, at most 1000.",
        )
        .number("issualsPage", "Which page of the enrolments, from 0.")
        .number(
            "earnsLimit",
            "How many earned badges a page has: default 100, at most 1000.",
        )
        .number("earnsPage", "Which page of the earned badges, from 0.")
        .identifiers("`customerId` is an identifier")
        .answers::<Success<DetailsBody>>(
            "The badge and all that the customer has of it.",
            example!("customer-badge"),
        )
        .codes(&[404, 1026, 1028, 1994]),
    ]
}

async fn list_customer_badges(call: Call) -> Result<HttpResponse, Failure> {
    let customer = call.customer();
    let mut call = call.open_lookup().await?;
    let now = call.now();
    let catalogues = call.state.catalogues.clone();
    let asked = customer_query::read(&mut call.query, now);
    call.answer(move |ports, caller, context| {
        let (customer, warnings) = find_customer(ports, caller, customer, context)?;
        let context = Context {
            warnings: &warnings,
            ..context
        };
        let query = asked(customer);
        let page = badges(ports, &catalogues, caller, &query)?;
        let body = CustomerBadgesBody::new(&page, &query, context.zone);
        render::enveloped(&body, context)
    })
    .await
}

async fn list_managed_badges(call: Call) -> Result<HttpResponse, Failure> {
    let customer = call.customer();
    let mut call = call.open_lookup().await?;
    let now = call.now();
    let catalogues = call.state.catalogues.clone();
    let asked = customer_query::read_management(&mut call.query, now);
    call.answer(move |ports, caller, context| {
        let (customer, warnings) = find_customer(ports, caller, customer, context)?;
        let context = Context {
            warnings: &warnings,
            ..context
        };
        let query = asked(customer);
        let page = badges(ports, &catalogues, caller, &query)?;
        render::enveloped(&ManagedBadgesBody::new(&page, &query), context)
    })
    .await
}

async fn get_customer_badge(call: Call) -> Result<HttpResponse, Failure> {
    let customer = call.customer();
    let badge = call.id::<BadgeId>("badgeId", Code::NotFound.message());
    let mut call = call.open_lookup().await?;
    let now = call.now();
    let statistics = call.query.flag("includeStatistics").unwrap_or(false);
    let asked = customer_query::read_details(&mut call.query, now);
    call.answer(move |ports, caller, context| {
        let (customer, warnings) = find_customer(ports, caller, customer, context)?;
        let context = Context {
            warnings: &warnings,
            ..context
        };
        let shown = details(ports, caller, &asked(customer, badge?), statistics)?;
        let body = DetailsBody::new(&shown, statistics, context.zone);
        render::enveloped(&body, context)
    })
    .await
}
