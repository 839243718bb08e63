//! Custom fields of an organisation.

use accolade_application::access::AccessGroup;
use accolade_application::catalogue::{CreateCustomField, UpdateCustomField, field, fields};
use accolade_domain::ids::CustomFieldId;
use accolade_domain::rejection::Rejection;
use accolade_wire::catalogue::custom_field::{
    self as wire, CustomFieldBody, CustomFieldChangeBody, CustomFieldListBody,
    CustomFieldRequestBody,
};
use accolade_wire::render;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::operation::{self, Operation, Success, example, post, put};
use crate::routes::call::Call;

/// What is said of an id that belongs to nothing.
const NOT_FOUND: &str = "Custom field not found. Check the id.";

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        post("/customField", create)
            .named("createCustomField", "Catalogue", "Create a custom field")
            .needs(AccessGroup::BadgesWrite)
            .json_body::<CustomFieldRequestBody>(example!("custom-field.request"))
            .creates::<Success<CustomFieldBody>>("Created.", example!("custom-field"))
            .codes(&[741, 742, 745, 1993]),
        put("/customField/{id}", update)
            .named("updateCustomField", "Catalogue", "Update a custom field")
            .about(
                "\
What is left out stays as it is. The type of its values never changes, and a disabled one stays
disabled.",
            )
            .needs(AccessGroup::BadgesWrite)
            .path_parameter("id", "The id of the custom field.")
            .json_body::<CustomFieldChangeBody>(example!("custom-field-change.request"))
            .answers::<Success<CustomFieldBody>>("Updated.", example!("custom-field"))
            .codes(&[404, 741, 742, 743, 744, 745, 1993])
            .not_found(NOT_FOUND),
        operation::get("/customField/{id}", get)
            .named("getCustomField", "Catalogue", "Look up a custom field")
            .needs(AccessGroup::BadgesWrite)
            .path_parameter("id", "The id of the custom field.")
            .answers::<Success<CustomFieldBody>>("The custom field.", example!("custom-field"))
            .codes(&[404])
            .not_found(NOT_FOUND),
        operation::get("/customField", list)
            .named("listCustomFields", "Catalogue", "List custom fields")
            .needs(AccessGroup::BadgesWrite)
            .flag("isActive", "Only active ones, or only disabled ones.")
            .query("sortOn", "LAST_UPDATED_DATE.")
            .query("order", "DESC (default) or ASC.")
            .pages(50)
            .answers::<Success<CustomFieldListBody>>(
                "One page of custom fields.",
                example!("custom-fields"),
            ),
    ]
}

async fn create(call: Call) -> Result<HttpResponse, Failure> {
    let mut call = call.open().await?;
    let draft = call.read(CustomFieldRequestBody::parse).await?;
    let command = draft.map(|draft| CreateCustomField { draft });
    call.execute(command).await
}

async fn update(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    let mut call = call.open().await?;
    let change = call.read(CustomFieldChangeBody::parse).await?;
    let command = change.and_then(|change| Ok(UpdateCustomField { field: id?, change }));
    call.execute(command).await
}

async fn get(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    let call = call.open_lookup().await?;
    call.answer(move |ports, caller, context| {
        let field = field(ports, caller, id?)?;
        render::enveloped(&CustomFieldBody::new(&field), context)
    })
    .await
}

async fn list(call: Call) -> Result<HttpResponse, Failure> {
    let mut call = call.open_lookup().await?;
    let asked = wire::read_query(&mut call.query);
    call.answer(move |ports, caller, context| {
        let page = fields(ports, caller, &asked)?;
        render::enveloped(&CustomFieldListBody::new(&page, &asked), context)
    })
    .await
}

fn id(call: &Call) -> Result<CustomFieldId, Rejection> {
    call.id("id", NOT_FOUND)
}
