//! What an operation takes from its path, its query and its headers.

use utoipa::PartialSchema;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Required, Schema};

use super::Operation;

impl Operation {
    /// A part of the path.
    pub(crate) fn path_parameter(self, name: &'static str, text: &'static str) -> Self {
        self.takes_one(
            name,
            ParameterIn::Path,
            Required::True,
            String::schema,
            text,
        )
    }

    /// A text in the query that must be there.
    pub(crate) fn required_query(self, name: &'static str, text: &'static str) -> Self {
        self.takes_one(
            name,
            ParameterIn::Query,
            Required::True,
            String::schema,
            text,
        )
    }

    /// A text in the query.
    pub(crate) fn query(self, name: &'static str, text: &'static str) -> Self {
        self.takes_one(
            name,
            ParameterIn::Query,
            Required::False,
            String::schema,
            text,
        )
    }

    /// `true` or `false` in the query.
    pub(crate) fn flag(self, name: &'static str, text: impl Into<String> + 'static) -> Self {
        self.takes_one(
            name,
            ParameterIn::Query,
            Required::False,
            bool::schema,
            text,
        )
    }

    /// A whole number in the query.
    pub(crate) fn number(self, name: &'static str, text: impl Into<String> + 'static) -> Self {
        let (query, number) = (ParameterIn::Query, u32::schema);
        self.takes_one(name, query, Required::False, number, text)
    }

    /// Which page of a list, and how large; `size` unless told otherwise.
    pub(crate) fn pages(self, size: u32) -> Self {
        let sizes = format!("1 to 100, default {size}; also `limit`.");
        self.number("page", "From 0.").number("size", sizes)
    }

    /// A header.
    pub(crate) fn header(self, name: &'static str, text: impl Into<String> + 'static) -> Self {
        let schema = || {
            let types = SchemaType::from_iter([Type::String, Type::Null]);
            let schema = ObjectBuilder::new().schema_type(types);
            Schema::Object(schema.build()).into()
        };
        self.takes_one(name, ParameterIn::Header, Required::False, schema, text)
    }

    /// The header that says by which kind of identifier customers are named; `what` stands in
    /// the request instead of numbers.
    pub(crate) fn identifiers(self, what: &str) -> Self {
        let text = format!("email, mobile, externalId or cardNumber: {what} of this kind.");
        self.header("X-CAP-CUSTOMER-IDENTIFIER", text)
    }

    /// The parameter that asks for a dry run, which does so much and records nothing.
    pub(crate) fn dry_run(mut self, what: &str) -> Self {
        if let Some(rules) = &mut self.rules {
            rules.dry_run = true;
        }
        let text = format!("{what}, nothing recorded; idempotency keys are ignored.");
        self.flag("dryRun", text)
    }

    fn takes_one(
        self,
        name: &'static str,
        place: ParameterIn,
        required: Required,
        schema: fn() -> RefOr<Schema>,
        text: impl Into<String> + 'static,
    ) -> Self {
        self.says(move |mut it| {
            let parameter: Parameter = ParameterBuilder::new()
                .name(name)
                .parameter_in(place)
                .required(required)
                .description(Some(text))
                .schema(Some(schema()))
                .build();
            it.operation = it.operation.parameter(parameter);
            it
        })
    }
}
