//! Badge metas: create, update, look up, list, claim, unclaim, activate, deactivate.

use accolade_application::access::AccessGroup;
use accolade_application::badges::{
    ClaimBadge, CreateBadge, SetActivity, UnclaimBadge, UpdateBadge, get, list,
};
use accolade_domain::ids::BadgeId;
use accolade_domain::rejection::{Code, Rejection};
use accolade_wire::badge::answer::BadgeBody;
use accolade_wire::badge::claim::{ActivityBody, ClaimedBody, OwnerRequestBody, UnclaimedBody};
use accolade_wire::badge::list::BadgeListBody;
use accolade_wire::badge::query as badge_query;
use accolade_wire::badge::request::{self as badge_request, BadgeRequestBody, Named, NewId};
use accolade_wire::render;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::operation::{self, Operation, Success, SuccessWithNull, example, post, put};
use crate::routes::call::Call;

/// The header of requests that take badges over from elsewhere, and its value.
const MIGRATION: [&str; 2] = ["X-CAP-BADGES-MIGRATION", "migration"];
/// What documents of an update say of it.
const MIGRATION_TEXT: &str = "`migration`: the dates may be past, up to 100 years.";

pub(crate) fn operations() -> Vec<Operation> {
    let mut operations = definitions();
    operations.extend(lookups());
    operations.extend(claims_and_activity());
    operations
}

fn definitions() -> Vec<Operation> {
    vec![
        post("/badgeMeta", create_badge)
            .named("createBadge", "Badges", "Create a badge")
            .about(
                "\
The badge has no claims: modules claim it afterwards. A mandatory custom field that it leaves out
gets its default.",
            )
            .needs(AccessGroup::BadgesWrite)
            .header(
                MIGRATION[0],
                "`migration`: the dates may be past, up to 100 years, and the badge keeps the `id` \
                 of the body.",
            )
            .json_body::<BadgeRequestBody>(example!("badge.request"))
            .tagged()
            .creates::<Success<BadgeBody>>("Created.", example!("badge"))
            .codes(&[404, 720, 722, 724, 725, 728, 745, 746, 1991, 1993])
            .not_found("Badge group not found, or it was removed. Check the id."),
        updating(
            put("/badgeMeta/{id}", update_badge)
                .named("updateBadge", "Badges", "Update a badge")
                .about(
                    "\
Replaces the definition; what is left out is gone, but claims and `active` stay as they are. Of
a badge that is live or has ended, the start, the earn type and the kinds of its limits stay.
`referenceId` names the fixed windows that are meant: with another cycle they begin when the
running window ends.",
                )
                .needs(AccessGroup::BadgesWrite)
                .path_parameter("id", "The id of the badge."),
            example!("badge-update.request"),
        ),
        updating(
            put("/badgeMeta", update_named_badge)
                .named(
                    "updateNamedBadge",
                    "Badges",
                    "Update a badge that the body names",
                )
                .about("As *update a badge*, with the id in the body.")
                .needs(AccessGroup::BadgesWrite),
            example!("named-badge-update.request"),
        ),
    ]
}

/// What both ways to update have in common.
fn updating(operation: Operation, body: &'static str) -> Operation {
    operation
        .header(
            "If-Match",
            "The `ETag` of the badge as it was read: another one is 412.",
        )
        .header(MIGRATION[0], MIGRATION_TEXT)
        .json_body::<BadgeRequestBody>(body)
        .tagged()
        .answers::<Success<BadgeBody>>("Updated.", example!("badge"))
        .may_be_held()
        .codes(&[
            404, 720, 722, 723, 724, 725, 728, 729, 745, 746, 826, 1904, 1944, 1991, 1993,
        ])
}

fn lookups() -> Vec<Operation> {
    vec![
        operation::get("/badgeMeta/{id}", get_badge)
            .named("getBadge", "Badges", "Look up a badge")
            .about("The counts are exact.")
            .needs(AccessGroup::BadgesRead)
            .path_parameter("id", "The id of the badge.")
            .query(
                "includeStatistics",
                "Accepted, whatever it says; the counts are always there.",
            )
            .tagged()
            .answers::<Success<BadgeBody>>("The badge.", example!("badge"))
            .codes(&[404]),
        operation::get("/badgeMeta", list_badges)
            .named("listBadges", "Badges", "List badges")
            .needs(AccessGroup::BadgesRead)
            .query(
                "status",
                "Comma list of UPCOMING, LIVE, EXPIRED (also ENDED).",
            )
            .query("earnType", "ISSUE_EARN or EARN; also `badgeType`.")
            .query("action", "ACTIVATED or DE_ACTIVATED (also DEACTIVATED).")
            .query("owner", "Restricted to owners among which is this one.")
            .query("claimedBy", "With an active claim of this type of owner.")
            .flag("unclaimed", "Without any active claim; `false`: with one.")
            .query("name", "Whose name contains this, ignoring case.")
            .query("startOn", "That start then or later.")
            .query("expiresOn", "That end then or earlier.")
            .query("groupId", "Of this group.")
            .query(
                "sortOn",
                "ID (default), NAME (by code point) or START_DATE.",
            )
            .query("order", "DESC (default) or ASC.")
            .pages(10)
            .answers::<Success<BadgeListBody>>("One page of badges.", example!("badges")),
    ]
}

fn claims_and_activity() -> Vec<Operation> {
    vec![
        post("/badgeMeta/{id}/claim", claim_badge)
            .named("claimBadge", "Badges", "Claim a badge")
            .about(
                "\
To claim what is claimed already succeeds with warning 900 and changes nothing. A badge has at most
1 000 active claims.",
            )
            .needs(AccessGroup::BadgesWrite)
            .path_parameter("id", "The id of the badge.")
            .json_body::<OwnerRequestBody>(example!("claim.request"))
            .answers::<SuccessWithNull<ClaimedBody>>("Claimed.", example!("claimed"))
            .codes(&[400, 404, 714, 716, 717, 900, 1901, 1906]),
        post("/badgeMeta/{id}/unclaim", unclaim_badge)
            .named("unclaimBadge", "Badges", "Take a claim back")
            .about("Once this has answered, nothing is recorded any more by virtue of the claim.")
            .needs(AccessGroup::BadgesWrite)
            .path_parameter("id", "The id of the badge.")
            .json_body::<OwnerRequestBody>(example!("claim.request"))
            .answers::<SuccessWithNull<UnclaimedBody>>(
                "The claim does not hold any more.",
                example!("unclaimed"),
            )
            .codes(&[404, 716, 717, 737]),
        put("/badgeMeta/{id}/activate", activate_badge)
            .also_at("/badgeMeta/{id}/Activate")
            .named("activateBadge", "Badges", "Activate a badge")
            .about("Also at `…/Activate`. To activate an active badge changes nothing.")
            .needs(AccessGroup::BadgesWrite)
            .path_parameter("id", "The id of the badge.")
            .answers::<Success<ActivityBody>>("The badge is on.", example!("activated"))
            .codes(&[404]),
        put("/badgeMeta/{id}/deactivate", deactivate_badge)
            .also_at("/badgeMeta/{id}/Deactivate")
            .named("deactivateBadge", "Badges", "Deactivate a badge")
            .about(
                "Also at `…/Deactivate`. Once this has answered, nothing is recorded for the \
                 badge any more.",
            )
            .needs(AccessGroup::BadgesWrite)
            .path_parameter("id", "The id of the badge.")
            .answers::<Success<ActivityBody>>("The badge is off.", example!("deactivated"))
            .may_be_held()
            .codes(&[404]),
    ]
}

async fn create_badge(call: Call) -> Result<HttpResponse, Failure> {
    let migrating = is_migrating(&call);
    let new_id = if migrating {
        NewId::TakenOver
    } else {
        NewId::Made
    };
    let mut call = call.open().await?;
    let asked = call
        .read(move |body| badge_request::read(body, new_id))
        .await?;
    let command = asked.map(|(id, asked)| CreateBadge {
        draft: asked.draft,
        unread: asked.unread,
        active: asked.active.unwrap_or(true),
        migrating,
        id,
    });
    call.execute(command).await
}

async fn update_badge(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    let named = Named::InPath(id.as_ref().ok().copied());
    update(call, Some(id), named).await
}

async fn update_named_badge(call: Call) -> Result<HttpResponse, Failure> {
    update(call, None, Named::InBody).await
}

async fn update(
    call: Call,
    in_path: Option<Result<BadgeId, Rejection>>,
    named: Named,
) -> Result<HttpResponse, Failure> {
    let migrating = is_migrating(&call);
    let if_match = call.if_match();
    let mut call = call.open().await?;
    let asked = call
        .read(move |body| badge_request::read_update(body, named))
        .await?;
    let command = asked.and_then(|(in_body, asked)| {
        let badge = match in_path {
            Some(in_path) => in_path?,
            None => in_body.ok_or_else(|| Rejection::new(Code::NotFound))?,
        };
        Ok(UpdateBadge {
            badge,
            draft: asked.draft,
            unread: asked.unread,
            active: asked.active,
            migrating,
            if_match: if_match?,
        })
    });
    call.execute(command).await
}

async fn get_badge(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    let mut call = call.open_lookup().await?;
    call.query.accept("includeStatistics");
    call.answer(move |ports, caller, context| render::badge(&get(ports, caller, id?)?, context))
        .await
}

async fn list_badges(call: Call) -> Result<HttpResponse, Failure> {
    let mut call = call.open_lookup().await?;
    call.query.accept("includeStatistics");
    let now = call.now();
    let asked = badge_query::read(&mut call.query, now);
    call.answer(move |ports, caller, context| {
        let page = list(ports, caller, &asked)?;
        render::badges(&page, &asked, context)
    })
    .await
}

async fn claim_badge(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    let mut call = call.open().await?;
    let owner = call.read(OwnerRequestBody::parse).await?;
    let command = owner.and_then(|owner| Ok(ClaimBadge { badge: id?, owner }));
    call.execute(command).await
}

async fn unclaim_badge(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    let mut call = call.open().await?;
    let owner = call.read(OwnerRequestBody::parse).await?;
    let command = owner.and_then(|owner| Ok(UnclaimBadge { badge: id?, owner }));
    call.execute(command).await
}

async fn activate_badge(call: Call) -> Result<HttpResponse, Failure> {
    set_activity(call, true).await
}

async fn deactivate_badge(call: Call) -> Result<HttpResponse, Failure> {
    set_activity(call, false).await
}

async fn set_activity(call: Call, active: bool) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    let mut call = call.open().await?;
    let command = call
        .read_nothing()
        .and_then(|()| Ok(SetActivity { badge: id?, active }));
    call.execute(command).await
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
