//! The schemas of what callers may write in more than one way.
//!
//! The readers take a number or its digits, one customer or a list of them; here the OpenAPI document
//! says so. Each is a `oneOf` with a name of its own, because generators make one usable type of
//! that, and of a list of types (`["integer", "string"]`) one type for each place or none at all.

use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// A customer.
#[derive(Debug)]
pub(crate) struct CustomerReference;

/// One customer or more.
#[derive(Debug)]
pub(crate) struct CustomerReferences;

/// A text, or a number in its place.
#[derive(Debug)]
pub(crate) struct TextOrNumber;

/// A text, or a number or a truth value in its place.
#[derive(Debug)]
pub(crate) struct Scalar;

/// A moment as requests may say it.
#[derive(Debug)]
pub(crate) struct InstantInput;

impl PartialSchema for CustomerReference {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new()
            .item(i64::schema())
            .item(String::schema())
            .description(Some(
                "A customer: its number, also as a string of digits, or an identifier of the kind \
                 that `X-CAP-CUSTOMER-IDENTIFIER` says. Answers have the number; of an identifier \
                 that nobody has, the text that was sent.",
            ))
            .examples([serde_json::json!(62_090_013)])
            .into()
    }
}

impl PartialSchema for CustomerReferences {
    fn schema() -> RefOr<Schema> {
        let customer = Ref::from_schema_name(CustomerReference::name());
        OneOfBuilder::new()
            .item(ArrayBuilder::new().items(customer).min_items(Some(1)))
            .item(i64::schema())
            .item(String::schema())
            .description(Some(
                "Customers: a list of them, or one alone, which is a list of one.",
            ))
            .examples([serde_json::json!([62_090_013])])
            .into()
    }
}

impl PartialSchema for TextOrNumber {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        OneOfBuilder::new()
            .item(text.min_length(Some(1)).max_length(Some(255)))
            .item(i64::schema())
            .description(Some(
                "A text of 1 to 255 characters; a number is read as its digits.",
            ))
            .examples([serde_json::json!("2132")])
            .into()
    }
}

impl PartialSchema for Scalar {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new()
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .max_length(Some(4_000)),
            )
            .item(i64::schema())
            .item(bool::schema())
            .description(Some(
                "A text; a number or a truth value is read as its text.",
            ))
            .examples([serde_json::json!("1")])
            .into()
    }
}

impl PartialSchema for InstantInput {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new()
            .item(ObjectBuilder::new().schema_type(Type::Number))
            .item(String::schema())
            .description(Some(
                "A moment: seconds since 1970 in UTC, with or without decimals; milliseconds (from \
                 100 000 000 000 on); either as a string; or an ISO 8601 date-time with Z or an \
                 offset.",
            ))
            .examples([serde_json::json!(1_926_235_957)])
            .into()
    }
}

// The document calls each as it is called here.

impl ToSchema for CustomerReference {}
impl ToSchema for TextOrNumber {}
impl ToSchema for Scalar {}
impl ToSchema for InstantInput {}

impl ToSchema for CustomerReferences {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        let name = CustomerReference::name().into_owned();
        schemas.push((name, CustomerReference::schema()));
    }
}
