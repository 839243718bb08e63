//! Custom fields of an organisation.

use accolade_application::access::AccessGroup;
use accolade_application::catalogue::{
    CreateCustomField, UpdateCustomField, create_field, field, fields, update_field,
};
use accolade_domain::ids::CustomFieldId;
use accolade_domain::rejection::Rejection;
use accolade_wire::catalogue::custom_field::{
    self as wire, CustomFieldBody, CustomFieldListBody, CustomFieldRequestBody,
};
use accolade_wire::render;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::openapi::success::Success;
use crate::routes::call::Call;
use crate::routes::read;
use crate::routes::write::{BodyKind, Recording, Write};

/// Create a custom field
#[utoipa::path(
    post,
    path = "/api_gateway/v1/badges/customField",
    operation_id = "createCustomField",
    tag = "Catalogue",
    request_body(
        content = CustomFieldRequestBody,
        example = json!({"name": "Priority", "dataType": "INTEGER", "isMandatory": true, "defaultValue": "1"}),
    ),
    responses((status = 200, description = "Created.", body = Success<CustomFieldBody>, example = json!(crate::openapi::example::custom_field()))),
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
        |ports, caller, draft, idempotency| {
            let command = CreateCustomField { draft, idempotency };
            create_field(ports, caller, command)
        },
    )
    .await
}

/// Update a custom field
///
/// What is left out stays as it is. The type of its values never changes, and a disabled one stays
/// disabled.
#[utoipa::path(
    put,
    path = "/api_gateway/v1/badges/customField/{id}",
    operation_id = "updateCustomField",
    tag = "Catalogue",
    params(("id" = String, Path, description = "The id of the custom field.")),
    request_body(content = CustomFieldRequestBody, example = json!({"isMandatory": true, "defaultValue": "1"})),
    responses((status = 200, description = "Updated.", body = Success<CustomFieldBody>, example = json!(crate::openapi::example::custom_field()))),
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
            let command = UpdateCustomField {
                field: id?,
                change,
                idempotency,
            };
            update_field(ports, caller, &command)
        },
    )
    .await
}

/// Look up a custom field
#[utoipa::path(
    get,
    path = "/api_gateway/v1/badges/customField/{id}",
    operation_id = "getCustomField",
    tag = "Catalogue",
    params(("id" = String, Path, description = "The id of the custom field.")),
    responses((status = 200, description = "The custom field.", body = Success<CustomFieldBody>, example = json!(crate::openapi::example::custom_field()))),
)]
pub(crate) async fn get(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    read::answer(
        call,
        AccessGroup::BadgesWrite,
        |_| (),
        move |ports, caller, ()| field(ports, caller, id?),
        |field, (), context| render::custom_field(field, context),
    )
    .await
}

/// List custom fields
#[utoipa::path(
    get,
    path = "/api_gateway/v1/badges/customField",
    operation_id = "listCustomFields",
    tag = "Catalogue",
    params(
        ("isActive" = Option<bool>, Query, description = "Only active ones, or only disabled ones."),
        ("sortOn" = Option<String>, Query, description = "LAST_UPDATED_DATE."),
        ("order" = Option<String>, Query, description = "DESC (default) or ASC."),
        ("page" = Option<u32>, Query, description = "From 0."),
        ("size" = Option<u32>, Query, description = "1 to 100, default 50; also `limit`."),
    ),
    responses((status = 200, description = "One page of custom fields.", body = Success<CustomFieldListBody>, example = json!(crate::openapi::example::custom_fields()))),
)]
pub(crate) async fn list(call: Call) -> Result<HttpResponse, Failure> {
    read::answer(
        call,
        AccessGroup::BadgesWrite,
        wire::read_query,
        fields,
        render::custom_fields,
    )
    .await
}

fn id(call: &Call) -> Result<CustomFieldId, Rejection> {
    call.id("id", "Custom field not found. Check the id.")
}
