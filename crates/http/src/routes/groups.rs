//! Groups of badges.

use accolade_application::access::AccessGroup;
use accolade_application::catalogue::{
    CreateGroup, UpdateGroup, create_group, group, groups, remove_group, update_group,
};
use accolade_domain::ids::GroupId;
use accolade_domain::rejection::Rejection;
use accolade_wire::catalogue::group::{self as wire, GroupBody, GroupListBody, GroupRequestBody};
use accolade_wire::json::Parsed;
use accolade_wire::query::words as query_words;
use accolade_wire::render;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::openapi::success::Success;
use crate::routes::call::Call;
use crate::routes::read;
use crate::routes::write::{BodyKind, Recording, Write};

/// How many groups a page has unless told otherwise.
const DEFAULT_SIZE: u32 = 50;

/// Create a group
#[utoipa::path(
    post,
    path = "/api_gateway/v1/badges/group",
    operation_id = "createGroup",
    tag = "Catalogue",
    request_body(content = GroupRequestBody, example = json!({"name": "Festive season badges", "rank": 2})),
    responses((status = 200, description = "Created.", body = Success<GroupBody>, example = json!(crate::openapi::example::group(true)))),
)]
pub(crate) async fn create(call: Call) -> Result<HttpResponse, Failure> {
    Write {
        group: AccessGroup::BadgesWrite,
        body: BodyKind::Json,
        recording: Recording::Guarded,
    }
    .answer(
        call,
        |body, _| wire::read_new(body),
        |ports, caller, (name, rank), idempotency| {
            let command = CreateGroup {
                name,
                rank,
                idempotency,
            };
            create_group(ports, caller, command)
        },
    )
    .await
}

/// Update a group
///
/// What is left out stays as it is.
#[utoipa::path(
    put,
    path = "/api_gateway/v1/badges/group/{id}",
    operation_id = "updateGroup",
    tag = "Catalogue",
    params(("id" = String, Path, description = "The id of the group.")),
    request_body(content = GroupRequestBody, example = json!({"rank": 1})),
    responses((status = 200, description = "Updated.", body = Success<GroupBody>, example = json!(crate::openapi::example::group(true)))),
)]
pub(crate) async fn update(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    Write {
        group: AccessGroup::BadgesWrite,
        body: BodyKind::Json,
        recording: Recording::Guarded,
    }
    .answer(
        call,
        |body, _| wire::read_change(body),
        move |ports, caller, change, idempotency| {
            let command = UpdateGroup {
                group: id?,
                change,
                idempotency,
            };
            update_group(ports, caller, &command)
        },
    )
    .await
}

/// Remove a group
///
/// Its badges keep their rank and lose the group.
#[utoipa::path(
    delete,
    path = "/api_gateway/v1/badges/group/{id}",
    operation_id = "removeGroup",
    tag = "Catalogue",
    params(("id" = String, Path, description = "The id of the group.")),
    responses((status = 200, description = "Removed.", body = Success<GroupBody>, example = json!(crate::openapi::example::group(false)))),
)]
pub(crate) async fn remove(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    Write {
        group: AccessGroup::BadgesWrite,
        body: BodyKind::Ignored,
        recording: Recording::Unguarded,
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
        move |ports, caller, (), _| remove_group(ports, caller, id?),
    )
    .await
}

/// Look up a group
#[utoipa::path(
    get,
    path = "/api_gateway/v1/badges/group/{id}",
    operation_id = "getGroup",
    tag = "Catalogue",
    params(("id" = String, Path, description = "The id of the group.")),
    responses((status = 200, description = "The group.", body = Success<GroupBody>, example = json!(crate::openapi::example::group(true)))),
)]
pub(crate) async fn get(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    read::answer(
        call,
        AccessGroup::BadgesWrite,
        |_| (),
        move |ports, caller, ()| group(ports, caller, id?),
        |group, (), context| render::group(group, context),
    )
    .await
}

/// List groups
///
/// By rank.
#[utoipa::path(
    get,
    path = "/api_gateway/v1/badges/group",
    operation_id = "listGroups",
    tag = "Catalogue",
    params(
        ("page" = Option<u32>, Query, description = "From 0."),
        ("size" = Option<u32>, Query, description = "1 to 100, default 50; also `limit`."),
    ),
    responses((status = 200, description = "One page of groups.", body = Success<GroupListBody>, example = json!(crate::openapi::example::groups()))),
)]
pub(crate) async fn list(call: Call) -> Result<HttpResponse, Failure> {
    read::answer(
        call,
        AccessGroup::BadgesWrite,
        |query| query_words::page(query, DEFAULT_SIZE),
        |ports, caller, page| groups(ports, caller, *page),
        |page, asked, context| render::groups(page, *asked, context),
    )
    .await
}

fn id(call: &Call) -> Result<GroupId, Rejection> {
    call.id("id", "Badge group not found. Check the id.")
}
