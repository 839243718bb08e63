//! What bodies and answers look like: types of the wire become schemas of the document, which
//! refer to each other by name.

use utoipa::ToSchema;
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{Ref, RefOr, Schema};

use super::success::{Bare, Success, SuccessWithNull};

/// The schemas of an operation, by name.
#[derive(Default)]
pub(crate) struct Schemas(pub(crate) Vec<(String, RefOr<Schema>)>);

impl Schemas {
    /// A reference to `T`, whose schema is added with those that it refers to.
    pub(super) fn reference<T: ToSchema>(&mut self) -> RefOr<Schema> {
        self.add::<T>(T::name().into_owned(), T::schema())
    }

    /// An array of `T`.
    pub(super) fn list<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let element = self.reference::<T>();
        Schema::Array(ArrayBuilder::new().items(element).build()).into()
    }

    /// A reference to the envelope `E` around `T`, in which the schema of `T` stands itself.
    fn envelope<E: ToSchema, T: ToSchema>(&mut self) -> RefOr<Schema> {
        self.reference::<T>();
        let name = format!("{}_{}", E::name(), T::name());
        let mut schema = E::schema();
        if let RefOr::T(Schema::Object(envelope)) = &mut schema {
            envelope.properties.insert("data".to_owned(), T::schema());
        }
        self.add::<E>(name, schema)
    }

    fn add<T: ToSchema>(&mut self, name: String, schema: RefOr<Schema>) -> RefOr<Schema> {
        T::schemas(&mut self.0);
        self.0.push((name.clone(), schema));
        RefOr::Ref(Ref::from_schema_name(name))
    }
}

/// The type of an answer.
pub(crate) trait Answer {
    /// Its schema, whose parts are added to `schemas`.
    fn schema(schemas: &mut Schemas) -> RefOr<Schema>;
}

impl<T: ToSchema> Answer for Success<T>
where
    Self: ToSchema,
{
    fn schema(schemas: &mut Schemas) -> RefOr<Schema> {
        schemas.envelope::<Self, T>()
    }
}

impl<T: ToSchema> Answer for SuccessWithNull<T>
where
    Self: ToSchema,
{
    fn schema(schemas: &mut Schemas) -> RefOr<Schema> {
        schemas.envelope::<Self, T>()
    }
}

impl<T: ToSchema> Answer for Vec<T> {
    fn schema(schemas: &mut Schemas) -> RefOr<Schema> {
        schemas.list::<T>()
    }
}

impl<T: ToSchema> Answer for Bare<T> {
    fn schema(schemas: &mut Schemas) -> RefOr<Schema> {
        schemas.reference::<T>()
    }
}
