//! What is around the data of an answer, for the OpenAPI document.

use std::marker::PhantomData;

use accolade_wire::envelope::Notice;
use utoipa::ToSchema;

/// What an operation answers, in its envelope.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is written elsewhere")]
pub(crate) struct Success<T> {
    /// The answer.
    data: T,
    /// Empty.
    #[schema(max_items = 0)]
    errors: Vec<Notice<'static>>,
    /// What is odd about the request.
    warnings: Vec<Notice<'static>>,
}

/// What an operation answers that is about one customer: null where that was erased since and the answer
/// is given again under its idempotency key.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is written elsewhere")]
pub(crate) struct SuccessUnlessErased<T> {
    /// The answer; null if the customer was erased since.
    data: T,
    /// Empty.
    #[schema(max_items = 0)]
    errors: Vec<Notice<'static>>,
    /// What is odd about the request.
    warnings: Vec<Notice<'static>>,
}

/// What an operation answers, in its envelope with `errors: null`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is written elsewhere")]
pub(crate) struct SuccessWithNull<T> {
    /// The answer.
    data: T,
    /// Always null.
    #[schema(required, value_type = Option<Vec<Notice>>)]
    errors: (),
    /// What is odd about the request.
    warnings: Vec<Notice<'static>>,
}

/// What an operation answers that is in no envelope.
pub(crate) struct Bare<T>(PhantomData<T>);
