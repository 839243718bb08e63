//! What receivers of webhooks get, in the OpenAPI document: a body for each type of event.

use accolade_wire::event::{
    CLOUD_EVENT, CloudEvent, EventType, GATEWAY_EXAMPLE, GatewayEvent, WORKFLOW_EXAMPLE,
    WorkflowEvent,
};
use serde_json::Value;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::PathsBuilder;
use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Type};
use utoipa::openapi::{HttpMethod, OpenApi, PathItem, Ref, RefOr, Required, Schema};
use utoipa::{PartialSchema as _, ToSchema};

use crate::operation::open;

/// The headers of each delivery.
const HEADERS: [(&str, &str); 3] = [
    (
        "webhook-id",
        "The id of the event, the same whenever it is sent: what came before is not new.",
    ),
    ("webhook-timestamp", "When it was sent: seconds since 1970."),
    (
        "webhook-signature",
        "One signature or more, as Standard Webhooks has them: `v1,…` or `v1a,…`, with blanks between.",
    ),
];

/// Adds what receivers get.
pub(super) fn add(document: &mut OpenApi) {
    let mut schemas = Vec::new();
    let mut paths = PathsBuilder::new();
    for event in EventType::all() {
        event.add_data_schemas(&mut schemas);
        let body = content(CLOUD_EVENT, cloud_event(&event), event.example);
        paths = paths.path(event.name(), delivery(event.about, body));
    }
    GatewayEvent::schemas(&mut schemas);
    let name = GatewayEvent::name().into_owned();
    schemas.push((name.clone(), GatewayEvent::schema()));
    let schema = Ref::from_schema_name(name).into();
    let body = content("application/json", schema, GATEWAY_EXAMPLE);
    let about = "A customer earned a badge, for webhooks in the format of the API family.";
    paths = paths.path("badgeEarned", delivery(about, body));
    WorkflowEvent::schemas(&mut schemas);
    let name = WorkflowEvent::name().into_owned();
    schemas.push((name.clone(), WorkflowEvent::schema()));
    let schema = Ref::from_schema_name(name).into();
    let body = content("application/json", schema, WORKFLOW_EXAMPLE);
    let about = "Something became of a request that waits for approval, for webhooks in the format of the \
                 API family.";
    paths = paths.path("requestWorkflowEvent", delivery(about, body));
    for (_, schema) in &mut schemas {
        open(schema);
    }
    let components = document.components.get_or_insert_default();
    components.schemas.extend(schemas);
    document.webhooks = Some(paths.build());
}

/// What is sent of an event of a type.
fn cloud_event(event: &EventType) -> RefOr<Schema> {
    let kind = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some([event.name()]));
    let own = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("type", kind)
        .property("data", Ref::from_schema_name(event.data_name()));
    AllOfBuilder::new()
        .item(Ref::from_schema_name(CloudEvent::name()))
        .item(own)
        .into()
}

fn content(kind: &str, schema: RefOr<Schema>, example: &str) -> RequestBodyBuilder {
    let example: Option<Value> = serde_json::from_str(example).ok();
    let content = ContentBuilder::new().schema(Some(schema)).example(example);
    RequestBodyBuilder::new()
        .required(Some(Required::True))
        .content(kind, content.build())
}

fn delivery(about: &str, body: RequestBodyBuilder) -> PathItem {
    let received = ResponseBuilder::new().description(
        "Any 2xx within 15 seconds says that it was received; anything else is tried again.",
    );
    let mut operation = OperationBuilder::new()
        .tag("Events")
        .summary(Some(about))
        .request_body(Some(body.build()))
        .response("200", received.build());
    for (name, text) in HEADERS {
        let header: Parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::True)
            .description(Some(text))
            .schema(Some(String::schema()))
            .build();
        operation = operation.parameter(header);
    }
    PathItem::new(HttpMethod::Post, operation.build())
}
