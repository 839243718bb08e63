//! What the OpenAPI document says of an operation. It is put together for the document alone: a server
//! declares all operations once a thread, and as a rule nobody asks it for the document.

use utoipa::openapi::path::OperationBuilder;

use super::schemas::Schemas;

/// What is said of an operation, and what its bodies and answers are made of.
pub(crate) struct Description {
    pub(crate) operation: OperationBuilder,
    pub(crate) schemas: Schemas,
}

type Saying = Box<dyn FnOnce(Description) -> Description>;

/// What there is to say of an operation, one after the other.
#[derive(Default)]
pub(super) struct Sayings(Vec<Saying>);

impl Sayings {
    pub(super) fn add(&mut self, saying: impl FnOnce(Description) -> Description + 'static) {
        self.0.push(Box::new(saying));
    }

    pub(super) fn said(self) -> Description {
        let nothing = Description {
            operation: OperationBuilder::new(),
            schemas: Schemas::default(),
        };
        self.0.into_iter().fold(nothing, |all, it| it(all))
    }
}
