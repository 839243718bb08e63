//! Badge metas: create, update, look up, list, claim, unclaim, activate, deactivate.

use accolade_application::access::AccessGroup;
use accolade_application::badges::{
    ClaimBadge, CreateBadge, SetActivity, UpdateBadge, claim, create, get, list, set_activity,
    unclaim, update,
};
use accolade_domain::ids::BadgeId;
use accolade_domain::owner::Owner;
use accolade_domain::rejection::{Code, Rejection};
use accolade_wire::badge::answer::BadgeBody;
use accolade_wire::badge::claim::{ActivityBody, ClaimedBody, UnclaimedBody};
use accolade_wire::badge::list::BadgeListBody;
use accolade_wire::badge::owner::{self as owner_request, OwnerRequestBody};
use accolade_wire::badge::query as badge_query;
use accolade_wire::badge::request::{self as badge_request, BadgeRequest, BadgeRequestBody, Named};
use accolade_wire::json::Parsed;
use accolade_wire::render;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::openapi::success::{Success, SuccessWithNull};
use crate::routes::call::Call;
use crate::routes::preconditions;
use crate::routes::read;
use crate::routes::write::{BodyKind, Recording, Write};

/// The header of requests that take badges over from elsewhere, and its value.
const MIGRATION: [&str; 2] = ["X-CAP-BADGES-MIGRATION", "migration"];

/// Create a badge
///
/// The badge has no claims: modules claim it afterwards. A mandatory custom field that it leaves out
/// gets its default.
#[utoipa::path(
    post,
    path = "/api_gateway/v1/badges/badgeMeta",
    operation_id = "createBadge",
    tag = "Badges",
    params(("X-CAP-BADGES-MIGRATION" = Option<String>, Header, description = "`migration`: the dates may be past, up to 100 years.")),
    request_body(
        content = BadgeRequestBody,
        example = json!({
            "name": "Pet lover",
            "description": "Purchase 5 pet products in 3 months and get a pet grooming voucher",
            "startOn": 1_799_632_870,
            "expiresOn": 1_828_754_110,
            "earnType": "ISSUE_EARN",
            "issuedBadgeExpiry": {"expiryType": "ABSOLUTE", "type": "FIXED_DATE", "expiresOn": 1_926_235_957},
            "earnedBadgeExpiry": {"expiryType": "RELATIVE", "relativeExpirytype": "WEEKS", "value": 2},
            "ownership": {"restrictedToOwners": ["Loyalty", "Milestones"]},
            "customerConstraints": [{"constraintType": "CUSTOMER_BADGE_FIXED_VALUE", "maxEarnLimit": 100}],
            "benefits": [{"benefitType": "COUPON", "seriesId": 13745}],
        }),
    ),
    responses((status = 200, description = "Created.", body = Success<BadgeBody>, example = json!(crate::openapi::example::badge()))),
)]
pub(crate) async fn create_badge(call: Call) -> Result<HttpResponse, Failure> {
    let migrating = is_migrating(&call);
    Write {
        group: AccessGroup::BadgesWrite,
        body: BodyKind::Json,
        recording: Recording::Guarded,
    }
    .answer(
        call,
        |body, _| badge_request::read(body),
        move |ports, caller, asked: BadgeRequest, idempotency| {
            let command = CreateBadge {
                draft: asked.draft,
                unread: asked.unread,
                active: asked.active.unwrap_or(true),
                migrating,
                id: None,
                idempotency,
            };
            create(ports, caller, command)
        },
    )
    .await
}

/// Update a badge
///
/// Replaces the definition; what is left out is gone, but claims and `active` stay as they are. Of
/// a badge that is live or has ended, the start, the earn type and the kinds of its limits stay.
/// `referenceId` names the fixed windows that are meant: with another cycle they begin when the
/// running window ends.
#[utoipa::path(
    put,
    path = "/api_gateway/v1/badges/badgeMeta/{id}",
    operation_id = "updateBadge",
    tag = "Badges",
    params(
        ("id" = String, Path, description = "The id of the badge."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the badge as it was read: another one is 412."),
        ("X-CAP-BADGES-MIGRATION" = Option<String>, Header, description = "`migration`: the dates may be past, up to 100 years."),
    ),
    request_body(content = BadgeRequestBody, example = json!(crate::openapi::example::badge_update())),
    responses((status = 200, description = "Updated.", body = Success<BadgeBody>, example = json!(crate::openapi::example::badge()))),
)]
pub(crate) async fn update_badge(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    let named = Named::InPath(id.as_ref().ok().copied());
    revise(call, Some(id), named).await
}

/// Update a badge that the body names
///
/// As *update a badge*, with the id in the body.
#[utoipa::path(
    put,
    path = "/api_gateway/v1/badges/badgeMeta",
    operation_id = "updateNamedBadge",
    tag = "Badges",
    params(
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the badge as it was read: another one is 412."),
        ("X-CAP-BADGES-MIGRATION" = Option<String>, Header, description = "`migration`: the dates may be past, up to 100 years."),
    ),
    request_body(content = BadgeRequestBody, example = json!(crate::openapi::example::named_badge_update())),
    responses((status = 200, description = "Updated.", body = Success<BadgeBody>, example = json!(crate::openapi::example::badge()))),
)]
pub(crate) async fn update_named_badge(call: Call) -> Result<HttpResponse, Failure> {
    revise(call, None, Named::InBody).await
}

async fn revise(
    call: Call,
    in_path: Option<Result<BadgeId, Rejection>>,
    named: Named,
) -> Result<HttpResponse, Failure> {
    let migrating = is_migrating(&call);
    let if_match = preconditions::if_match(call.headers());
    Write {
        group: AccessGroup::BadgesWrite,
        body: BodyKind::Json,
        recording: Recording::Guarded,
    }
    .answer(
        call,
        move |body, _| badge_request::read_update(body, named),
        move |ports, caller, (in_body, asked): (_, BadgeRequest), idempotency| {
            let badge = match in_path {
                Some(in_path) => in_path?,
                None => in_body.ok_or_else(|| Rejection::of(Code::NotFound))?,
            };
            let command = UpdateBadge {
                badge,
                draft: asked.draft,
                unread: asked.unread,
                active: asked.active,
                migrating,
                if_match: if_match?,
                idempotency,
            };
            update(ports, caller, command)
        },
    )
    .await
}

/// Look up a badge
///
/// The counts are exact.
#[utoipa::path(
    get,
    path = "/api_gateway/v1/badges/badgeMeta/{id}",
    operation_id = "getBadge",
    tag = "Badges",
    params(
        ("id" = String, Path, description = "The id of the badge."),
        ("includeStatistics" = Option<bool>, Query, description = "Accepted; the counts are always there."),
    ),
    responses((status = 200, description = "The badge.", body = Success<BadgeBody>, example = json!(crate::openapi::example::badge()))),
)]
pub(crate) async fn get_badge(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    read::answer(
        call,
        AccessGroup::BadgesRead,
        |query| query.accept("includeStatistics"),
        move |ports, caller, ()| get(ports, caller, id?),
        |view, (), context| render::badge(view, context),
    )
    .await
}

/// List badges
#[utoipa::path(
    get,
    path = "/api_gateway/v1/badges/badgeMeta",
    operation_id = "listBadges",
    tag = "Badges",
    params(
        ("status" = Option<String>, Query, description = "Comma list of UPCOMING, LIVE, EXPIRED (also ENDED)."),
        ("earnType" = Option<String>, Query, description = "ISSUE_EARN or EARN; also `badgeType`."),
        ("action" = Option<String>, Query, description = "ACTIVATED or DE_ACTIVATED."),
        ("owner" = Option<String>, Query, description = "Restricted to owners among which is this one."),
        ("claimedBy" = Option<String>, Query, description = "With an active claim of this type of owner."),
        ("unclaimed" = Option<bool>, Query, description = "Without any active claim; `false`: with one."),
        ("name" = Option<String>, Query, description = "Whose name contains this, ignoring case."),
        ("startOn" = Option<String>, Query, description = "That start then or later."),
        ("expiresOn" = Option<String>, Query, description = "That end then or earlier."),
        ("groupId" = Option<String>, Query, description = "Of this group."),
        ("sortOn" = Option<String>, Query, description = "ID (default), NAME (by code point) or START_DATE."),
        ("order" = Option<String>, Query, description = "DESC (default) or ASC."),
        ("page" = Option<u32>, Query, description = "From 0."),
        ("size" = Option<u32>, Query, description = "1 to 100, default 10; also `limit`."),
    ),
    responses((
        status = 200,
        description = "One page of badges.",
        body = Success<BadgeListBody>,
        example = json!(crate::openapi::example::badge_list()),
    )),
)]
pub(crate) async fn list_badges(call: Call) -> Result<HttpResponse, Failure> {
    let now = call.state.ports.clock.now();
    read::answer(
        call,
        AccessGroup::BadgesRead,
        |query| {
            query.accept("includeStatistics");
            badge_query::read(query, now)
        },
        list,
        render::badges,
    )
    .await
}

/// Claim a badge
///
/// To claim what is claimed already succeeds and changes nothing.
#[utoipa::path(
    post,
    path = "/api_gateway/v1/badges/badgeMeta/{id}/claim",
    operation_id = "claimBadge",
    tag = "Badges",
    params(("id" = String, Path, description = "The id of the badge.")),
    request_body(content = OwnerRequestBody, example = json!({"ownerType": "Loyalty", "referenceId": "123"})),
    responses((
        status = 200,
        description = "Claimed.",
        body = SuccessWithNull<ClaimedBody>,
        example = json!({
            "data": {
                "badgeMetaId": "653df084b3cda7078c7c68f1",
                "ownerType": "Loyalty",
                "referenceId": "123",
            },
            "errors": null,
            "warnings": [],
        }),
    )),
)]
pub(crate) async fn claim_badge(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    Write {
        group: AccessGroup::BadgesWrite,
        body: BodyKind::Json,
        recording: Recording::Guarded,
    }
    .answer(
        call,
        |body, _| owner_request::read(body),
        move |ports, caller, owner: Owner, idempotency| {
            let badge = id?;
            let command = ClaimBadge {
                badge,
                owner,
                idempotency,
            };
            claim(ports, caller, command)
        },
    )
    .await
}

/// Take a claim back
///
/// Once this has answered, nothing is recorded any more by virtue of the claim.
#[utoipa::path(
    post,
    path = "/api_gateway/v1/badges/badgeMeta/{id}/unclaim",
    operation_id = "unclaimBadge",
    tag = "Badges",
    params(("id" = String, Path, description = "The id of the badge.")),
    request_body(content = OwnerRequestBody, example = json!({"ownerType": "Loyalty", "referenceId": "123"})),
    responses((
        status = 200,
        description = "The claim does not hold any more.",
        body = SuccessWithNull<UnclaimedBody>,
        example = json!({
            "data": {"ownerType": "Loyalty", "referenceId": "123", "isActive": false},
            "errors": null,
            "warnings": [],
        }),
    )),
)]
pub(crate) async fn unclaim_badge(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    Write {
        group: AccessGroup::BadgesWrite,
        body: BodyKind::Json,
        recording: Recording::Guarded,
    }
    .answer(
        call,
        |body, _| owner_request::read(body),
        move |ports, caller, owner: Owner, idempotency| {
            let badge = id?;
            let command = ClaimBadge {
                badge,
                owner,
                idempotency,
            };
            unclaim(ports, caller, command)
        },
    )
    .await
}

/// Activate a badge
///
/// Also at `…/Activate`. To activate an active badge changes nothing.
#[utoipa::path(
    put,
    path = "/api_gateway/v1/badges/badgeMeta/{id}/activate",
    operation_id = "activateBadge",
    tag = "Badges",
    params(("id" = String, Path, description = "The id of the badge.")),
    responses((
        status = 200,
        description = "The badge is on.",
        body = Success<ActivityBody>,
        example = json!({
            "data": {"id": "6543688e66a87827bb61e62a", "isActive": true},
            "errors": [],
            "warnings": [],
        }),
    )),
)]
pub(crate) async fn activate_badge(call: Call) -> Result<HttpResponse, Failure> {
    turn(call, true).await
}

/// Deactivate a badge
///
/// Also at `…/Deactivate`. Once this has answered, nothing is recorded for the badge any more.
#[utoipa::path(
    put,
    path = "/api_gateway/v1/badges/badgeMeta/{id}/deactivate",
    operation_id = "deactivateBadge",
    tag = "Badges",
    params(("id" = String, Path, description = "The id of the badge.")),
    responses((
        status = 200,
        description = "The badge is off.",
        body = Success<ActivityBody>,
        example = json!({
            "data": {"id": "6543688e66a87827bb61e62a", "isActive": false},
            "errors": [],
            "warnings": [],
        }),
    )),
)]
pub(crate) async fn deactivate_badge(call: Call) -> Result<HttpResponse, Failure> {
    turn(call, false).await
}

async fn turn(call: Call, active: bool) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    Write {
        group: AccessGroup::BadgesWrite,
        body: BodyKind::Ignored,
        recording: Recording::Guarded,
    }
    .answer(
        call,
        |_, _| {
            let warnings = Vec::new();
            Ok(Parsed {
                value: (),
                warnings,
            })
        },
        move |ports, caller, (), idempotency| {
            let badge = id?;
            let command = SetActivity {
                badge,
                active,
                idempotency,
            };
            set_activity(ports, caller, command)
        },
    )
    .await
}

fn id(call: &Call) -> Result<BadgeId, Rejection> {
    call.id("id", Code::NotFound.message())
}

fn is_migrating(call: &Call) -> bool {
    let [header, value] = MIGRATION;
    call.headers()
        .get(header)
        .is_some_and(|sent| sent.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
}
