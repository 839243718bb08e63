//! Groups of badges.

use accolade_application::access::AccessGroup;
use accolade_application::catalogue::{CreateGroup, RemoveGroup, UpdateGroup, group, groups};
use accolade_domain::ids::GroupId;
use accolade_domain::rejection::Rejection;
use accolade_wire::catalogue::group::{
    GroupBody, GroupChangeBody, GroupListBody, GroupRequestBody,
};
use accolade_wire::query::words as query_words;
use accolade_wire::render;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::operation::{self, Operation, Success, delete, example, post, put};
use crate::routes::call::Call;

/// How many groups a page has unless told otherwise.
const DEFAULT_SIZE: u32 = 50;

/// What is said of an id that belongs to nothing.
const NOT_FOUND: &str = "Badge group not found. Check the id.";

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        post("/group", create)
            .named("createGroup", "Catalogue", "Create a group")
            .needs(AccessGroup::BadgesWrite)
            .json_body::<GroupRequestBody>(example!("group.request"))
            .answers::<Success<GroupBody>>("Created.", example!("group"))
            .codes(&[732, 733, 1993]),
        put("/group/{id}", update)
            .named("updateGroup", "Catalogue", "Update a group")
            .about("What is left out stays as it is.")
            .needs(AccessGroup::BadgesWrite)
            .path_parameter("id", "The id of the group.")
            .json_body::<GroupChangeBody>(example!("group-change.request"))
            .answers::<Success<GroupBody>>("Updated.", example!("group"))
            .codes(&[404, 733, 1993])
            .not_found(NOT_FOUND),
        delete("/group/{id}", remove)
            .named("removeGroup", "Catalogue", "Remove a group")
            .about("Its badges keep their rank and lose the group.")
            .needs(AccessGroup::BadgesWrite)
            .path_parameter("id", "The id of the group.")
            .answers::<Success<GroupBody>>("Removed.", example!("removed-group"))
            .codes(&[404, 1942, 1952])
            .not_found(NOT_FOUND),
        operation::get("/group/{id}", get)
            .named("getGroup", "Catalogue", "Look up a group")
            .needs(AccessGroup::BadgesWrite)
            .path_parameter("id", "The id of the group.")
            .answers::<Success<GroupBody>>("The group.", example!("group"))
            .codes(&[404])
            .not_found(NOT_FOUND),
        operation::get("/group", list)
            .named("listGroups", "Catalogue", "List groups")
            .about("By rank.")
            .needs(AccessGroup::BadgesWrite)
            .pages(DEFAULT_SIZE)
            .answers::<Success<GroupListBody>>("One page of groups.", example!("groups")),
    ]
}

async fn create(call: Call) -> Result<HttpResponse, Failure> {
    let mut call = call.open().await?;
    let asked = call.read(GroupRequestBody::parse).await?;
    let command = asked.map(|(name, rank)| CreateGroup { name, rank });
    call.execute(command).await
}

async fn update(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    let mut call = call.open().await?;
    let change = call.read(GroupChangeBody::parse).await?;
    let command = change.and_then(|change| Ok(UpdateGroup { group: id?, change }));
    call.execute(command).await
}

async fn remove(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    let mut call = call.open().await?;
    let command = call
        .read_nothing()
        .and_then(|()| Ok(RemoveGroup { group: id? }));
    call.execute(command).await
}

async fn get(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    let call = call.open_lookup().await?;
    call.answer(move |ports, caller, context| {
        let group = group(ports, caller, id?)?;
        render::enveloped(&GroupBody::new(&group), context)
    })
    .await
}

async fn list(call: Call) -> Result<HttpResponse, Failure> {
    let mut call = call.open_lookup().await?;
    let asked = query_words::page(&mut call.query, DEFAULT_SIZE);
    call.answer(move |ports, caller, context| {
        let page = groups(ports, caller, asked)?;
        render::enveloped(&GroupListBody::new(&page, asked), context)
    })
    .await
}

fn id(call: &Call) -> Result<GroupId, Rejection> {
    call.id("id", NOT_FOUND)
}
