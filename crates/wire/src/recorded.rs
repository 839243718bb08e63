//! How the outcomes of earlier requests look in an answer.

use accolade_application::ports::LedgerEntry;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::answer::answer;
use crate::earning::answer::{EarnedBody, EarnedBulkBody, RevokedEarnBody};
use crate::earning::import::ImportedEnvelopeBody;
use crate::enrolment::answer::EnrolmentBody;
use crate::enrolment::revocation::RevokedEnrolmentsBody;
use crate::instant::{WireInstant, WireIso};

/// What became of the requests with one id.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecordedRequests)]
pub struct RequestsBody<'a> {
    /// One for each operation that carried the id out, oldest first.
    pub requests: Vec<RecordedRequestBody<'a>>,
}

answer! {
    /// What became of one request.
    #[schema(as = RecordedRequest)]
    pub struct RecordedRequestBody<'a> {
        /// The id of the request.
        requestId: &'a str = entry.request_id.as_str(),
        /// The operation that carried it out.
        #[schema(example = "issueBulk")]
        operation: &'static str = entry.operation.name(),
        /// When it was recorded.
        recordedOn: WireInstant = entry.recorded_on.into(),
        /// The same as text.
        recordedOnISO: WireIso = entry.recorded_on.into(),
        /// The `data` of its answer; of an import, the list of its envelopes. Customers who were erased
        /// since are left out; null if it was about nobody else.
        #[schema(value_type = RecordedAnswer)]
        answer: Box<RawValue> = answer,
    }
    new(entry: &'a LedgerEntry, answer: Box<RawValue>) {}
}

/// The schema of an answer that is given again: that of any operation that the ledger has.
struct RecordedAnswer;

impl PartialSchema for RecordedAnswer {
    fn schema() -> RefOr<Schema> {
        // Generated readers take the first that fits, and fields beyond it are allowed: one that has
        // all the fields of another stands before it.
        AnyOfBuilder::new()
            .description(Some(
                "What the operation answered: the first of these that has all its fields.",
            ))
            .item(Ref::from_schema_name(EarnedBulkBody::name()))
            .item(Ref::from_schema_name(EnrolmentBody::name()))
            .item(Ref::from_schema_name(RevokedEnrolmentsBody::name()))
            .item(Ref::from_schema_name(EarnedBody::name()))
            .item(Ref::from_schema_name(RevokedEarnBody::name()))
            .item(ArrayBuilder::new().items(Ref::from_schema_name(ImportedEnvelopeBody::name())))
            .item(ObjectBuilder::new().schema_type(Type::Null))
            .into()
    }
}

impl ToSchema for RecordedAnswer {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        add::<EarnedBulkBody<'_>>(schemas);
        add::<EnrolmentBody<'_>>(schemas);
        add::<RevokedEnrolmentsBody<'_>>(schemas);
        add::<EarnedBody<'_>>(schemas);
        add::<RevokedEarnBody>(schemas);
        add::<ImportedEnvelopeBody>(schemas);
    }
}

/// Adds the schema of `T` to `schemas`, with those that it refers to.
fn add<T: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}
