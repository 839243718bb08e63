//! An operation, declared once, beside its handler: where it is, who may use it, what it takes,
//! what it answers and which codes it can give.
//!
//! The router, the access check of a call, the OpenAPI document and its codes follow from the
//! declarations that `routes` lists.
//!
//! ```text
//! post("/badgeMeta/{id}/claim", claim_badge)
//!     .named("claimBadge", "Badges", "Claim a badge")
//!     .needs(AccessGroup::BadgesWrite)
//!     .path_parameter("id", "The id of the badge.")
//!     .json_body::<OwnerRequestBody>(example!("claim.request"))
//!     .answers::<SuccessWithNull<ClaimedBody>>("Claimed.", example!("claimed"))
//!     .codes(&[400, 404, 714, 716, 717, 1901])
//! ```

mod description;
mod parameters;
mod rules;
mod schemas;
mod success;

use std::mem;

use accolade_application::access::AccessGroups;
use accolade_domain::rejection::Code;
use accolade_wire::change::answer::HeldBody;
use actix_web::guard::{Any, Get, Head};
use actix_web::http::Method;
use actix_web::web;
use actix_web::{FromRequest, Handler, Responder, Route};
use serde_json::Value;
use utoipa::openapi::content::{Content, ContentBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{HttpMethod, RefOr, Required, Schema};
use utoipa::{PartialSchema, ToSchema};

use description::Sayings;
use schemas::{Answer, Schemas};

pub(crate) use description::Description;
pub(crate) use schemas::open;

pub(crate) use rules::{Interface, MethodRules, Rules};
pub(crate) use success::{Bare, Success, SuccessUnlessErased, SuccessWithNull};

/// The text of an example: a file that a test checks. It is JSON unless another kind is named.
macro_rules! example {
    ($name:literal) => {
        $crate::operation::example!($name, "json")
    };
    ($name:literal, $kind:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/examples/",
            $name,
            ".",
            $kind
        ))
    };
}

pub(crate) use example;

/// The type of a body that is JSON.
const JSON: &str = "application/json";

/// An operation. Its path is below the prefix of its interface once it [needs](Self::needs) an access group.
pub(crate) struct Operation {
    /// The method; `GET` stands for `HEAD` too.
    pub(crate) method: Method,
    /// Where it is: below the prefix if it has rules, else from the root.
    pub(crate) path: &'static str,
    /// Another spelling of the path, which documents do not name.
    alias: Option<&'static str>,
    /// The handler.
    pub(crate) route: Route,
    /// What a caller must respect; `None` if it is no operation of the API itself.
    pub(crate) rules: Option<Rules>,
    /// Whether it gives the entity tag of what it answers.
    pub(crate) tagged: bool,
    /// Whether it is where credentials become tokens, so that nobody needs any before.
    pub(crate) gives_tokens: bool,
    /// The numbers of the codes that it can give beside those of all operations.
    pub(crate) codes: Vec<u32>,
    /// What its 404 says.
    pub(crate) not_found: &'static str,
    /// Headers of its answers that others do not have, each with the status.
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    /// What the document says of it.
    sayings: Sayings,
}

/// `GET` and, with the same answer but for its body, `HEAD`.
pub(crate) fn get<F, Args>(path: &'static str, handler: F) -> Operation
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let route = web::route().guard(Any(Get()).or(Head()));
    Operation::new(Method::GET, path, route.to(handler))
}

/// `POST`.
pub(crate) fn post<F, Args>(path: &'static str, handler: F) -> Operation
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Operation::new(Method::POST, path, web::post().to(handler))
}

/// `PUT`.
pub(crate) fn put<F, Args>(path: &'static str, handler: F) -> Operation
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Operation::new(Method::PUT, path, web::put().to(handler))
}

/// `DELETE`.
pub(crate) fn delete<F, Args>(path: &'static str, handler: F) -> Operation
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Operation::new(Method::DELETE, path, web::delete().to(handler))
}

impl Operation {
    fn new(method: Method, path: &'static str, route: Route) -> Self {
        Self {
            method,
            path,
            alias: None,
            route,
            rules: None,
            tagged: false,
            gives_tokens: false,
            codes: Vec::new(),
            not_found: Code::NotFound.message(),
            headers: Vec::new(),
            sayings: Sayings::default(),
        }
    }

    /// Its id, its chapter and its title in documents.
    pub(crate) fn named(self, id: &'static str, tag: &'static str, title: &'static str) -> Self {
        self.says(move |mut it| {
            let operation = it.operation.operation_id(Some(id)).tag(tag);
            it.operation = operation.summary(Some(title));
            it
        })
    }

    /// What there is to say beside the title.
    pub(crate) fn about(self, text: impl Into<String> + 'static) -> Self {
        self.says(move |mut it| {
            it.operation = it.operation.description(Some(text));
            it
        })
    }

    /// Makes it an operation of the API, below its prefix, for callers who have any one of `groups`.
    /// Under an idempotency key it is executed once if its method may create or replace something.
    pub(crate) fn needs(mut self, groups: impl Into<AccessGroups>) -> Self {
        self.rules = Some(Rules {
            groups: groups.into(),
            json: false,
            dry_run: false,
            takes_key: matches!(self.method, Method::POST | Method::PUT),
            interface: Interface::Api,
        });
        self
    }

    /// Makes it one of the request workflow, below that one's prefix.
    pub(crate) fn of_workflow(mut self) -> Self {
        if let Some(rules) = &mut self.rules {
            rules.interface = Interface::Workflow;
        }
        self
    }

    /// Makes it one that a rule of the org may hold: it is answered 202 then.
    pub(crate) fn may_be_held(self) -> Self {
        let text =
            "A rule of the organisation holds it: it waits for approval, as the change says.";
        self.answers_with::<Success<HeldBody>>(202, text, example!("held"))
            .codes(&[1967])
    }

    /// Makes it give the entity tag of what it answers.
    pub(crate) fn tagged(mut self) -> Self {
        self.tagged = true;
        self
    }

    /// Makes it one of those where credentials become tokens.
    pub(crate) fn gives_tokens(mut self) -> Self {
        self.gives_tokens = true;
        self
    }

    /// Another spelling of its path.
    pub(crate) fn also_at(mut self, path: &'static str) -> Self {
        self.alias = Some(path);
        self
    }

    /// What stands in its body, which is JSON.
    pub(crate) fn json_body<T: ToSchema>(self, example: &'static str) -> Self {
        self.takes_json(Schemas::reference::<T>, example)
    }

    /// The same where the body is an array.
    pub(crate) fn json_list_body<T: ToSchema>(self, example: &'static str) -> Self {
        self.takes_json(Schemas::list::<T>, example)
    }

    fn takes_json(
        mut self,
        schema: fn(&mut Schemas) -> RefOr<Schema>,
        example: &'static str,
    ) -> Self {
        if let Some(rules) = &mut self.rules {
            rules.json = true;
        }
        self.takes(JSON, move |schemas| {
            content(schema(schemas), parsed(example))
        })
    }

    /// What stands in its body, which is a form.
    pub(crate) fn form_body<T: ToSchema>(self) -> Self {
        self.takes("application/x-www-form-urlencoded", |schemas| {
            content(schemas.reference::<T>(), None)
        })
    }

    /// What stands in its body, which are bytes of any type, like `example`.
    pub(crate) fn file_body(self, example: &'static str) -> Self {
        self.takes("application/octet-stream", move |_| {
            content(bytes(), Some(example.into()))
        })
    }

    /// Another type of body that it takes: a file like `example`.
    pub(crate) fn also_takes_file(self, kind: &'static str, example: &'static str) -> Self {
        self.says(move |it| {
            let mut operation = it.operation.build();
            if let Some(RefOr::T(body)) = &mut operation.request_body {
                let content = content(bytes(), Some(example.into()));
                body.content.insert(kind.to_owned(), content.into());
            }
            Description {
                operation: operation.into(),
                ..it
            }
        })
    }

    fn takes(
        self,
        content_type: &'static str,
        content: impl FnOnce(&mut Schemas) -> Content + 'static,
    ) -> Self {
        self.says(move |mut it| {
            let body = RequestBodyBuilder::new().required(Some(Required::True));
            let body = body.content(content_type, content(&mut it.schemas)).build();
            it.operation = it.operation.request_body(Some(body));
            it
        })
    }

    /// What it answers with 201, because it has created something.
    pub(crate) fn creates<T: Answer>(self, text: &'static str, example: &'static str) -> Self {
        self.answers_with::<T>(201, text, example)
    }

    /// What it answers with 200.
    pub(crate) fn answers<T: Answer>(self, text: &'static str, example: &'static str) -> Self {
        self.answers_with::<T>(200, text, example)
    }

    /// What it answers with another status.
    pub(crate) fn answers_with<T: Answer>(
        self,
        status: u16,
        text: &'static str,
        example: &'static str,
    ) -> Self {
        self.answering(status, text, JSON, move |all| {
            let mut schemas = Schemas::default();
            let schema = T::schema(&mut schemas);
            all.extend_opened(schemas);
            content(schema, parsed(example))
        })
    }

    /// What it answers with 200, which is text.
    pub(crate) fn answers_text(self, text: &'static str) -> Self {
        self.answering(200, text, "text/plain", |_| content(String::schema(), None))
    }

    /// What it answers with 200, as lines of these types of content, each of which shows a `T`: each type
    /// with an example.
    pub(crate) fn answers_lines<T: ToSchema>(
        self,
        text: &'static str,
        kinds: Vec<(&'static str, &'static str)>,
    ) -> Self {
        self.says(move |mut it| {
            let mut schemas = Schemas::default();
            schemas.reference::<T>();
            it.schemas.extend_opened(schemas);
            let response = ResponseBuilder::new().description(text);
            let response = kinds
                .into_iter()
                .fold(response, |response, (kind, example)| {
                    response.content(kind, content(String::schema(), Some(example.into())))
                });
            it.operation = it.operation.response("200", response.build());
            it
        })
    }

    fn answering(
        self,
        status: u16,
        text: &'static str,
        kind: &'static str,
        content: impl FnOnce(&mut Schemas) -> Content + 'static,
    ) -> Self {
        self.says(move |mut it| {
            let response = ResponseBuilder::new().description(text);
            let response = response.content(kind, content(&mut it.schemas)).build();
            it.operation = it.operation.response(status.to_string(), response);
            it
        })
    }

    /// What it answers with 200, which is a file like `example`, of this type of content or of another
    /// that is declared so.
    pub(crate) fn answers_file(
        self,
        text: &'static str,
        kind: &'static str,
        example: &'static str,
    ) -> Self {
        self.says(move |it| {
            let content = content(String::schema(), Some(example.into()));
            let mut operation = it.operation.build();
            if let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200") {
                response.content.insert(kind.to_owned(), content.into());
            } else {
                let response = ResponseBuilder::new().description(text);
                let response = response.content(kind, content).build();
                let responses = &mut operation.responses.responses;
                responses.insert("200".to_owned(), response.into());
            }
            Description {
                operation: operation.into(),
                ..it
            }
        })
    }

    /// What it answers with 200 to who asks for this type of content: a list without an envelope.
    pub(crate) fn also_answers_list<T: ToSchema>(
        self,
        kind: &'static str,
        example: &'static str,
    ) -> Self {
        self.says(move |mut it| {
            let schema = it.schemas.list::<T>();
            let mut operation = it.operation.build();
            if let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200") {
                let content = content(schema, parsed(example));
                response.content.insert(kind.to_owned(), content.into());
            }
            Description {
                operation: operation.into(),
                ..it
            }
        })
    }

    /// A header that its answers with `status` have, and others do not.
    pub(crate) fn answers_header(mut self, status: &'static str, name: &'static str) -> Self {
        self.headers.push((status, name));
        self
    }

    /// The codes that it can give beside those that all operations of its kind can, by number.
    pub(crate) fn codes(mut self, numbers: &[u32]) -> Self {
        self.codes.extend(numbers);
        self
    }

    /// What its 404 says where it is not a badge that is not found.
    pub(crate) fn not_found(mut self, message: &'static str) -> Self {
        self.not_found = message;
        self
    }

    /// Adds what the document says of it.
    fn says(mut self, saying: impl FnOnce(Description) -> Description + 'static) -> Self {
        self.sayings.add(saying);
        self
    }

    /// All that the document says of it, which is taken out.
    pub(crate) fn described(&mut self) -> Description {
        mem::take(&mut self.sayings).said()
    }

    /// Its whole path.
    pub(crate) fn full_path(&self) -> String {
        self.below_prefix(self.path)
    }

    /// The other spelling of its whole path.
    pub(crate) fn full_alias(&self) -> Option<String> {
        self.alias.map(|path| self.below_prefix(path))
    }

    fn below_prefix(&self, path: &str) -> String {
        let prefix = self.rules.map_or("", |rules| rules.interface.prefix());
        format!("{prefix}{path}")
    }

    /// Its method, as the document calls it.
    pub(crate) fn document_method(&self) -> HttpMethod {
        match self.method {
            Method::POST => HttpMethod::Post,
            Method::PUT => HttpMethod::Put,
            Method::DELETE => HttpMethod::Delete,
            _ => HttpMethod::Get,
        }
    }
}

/// The value of an example. One that is no JSON is left out; a test finds it.
fn parsed(example: &str) -> Option<Value> {
    serde_json::from_str(example).ok()
}

/// Bytes.
fn bytes() -> RefOr<Schema> {
    let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(format))
        .into()
}

fn content(schema: RefOr<Schema>, example: Option<Value>) -> Content {
    ContentBuilder::new()
        .schema(Some(schema))
        .example(example)
        .build()
}
