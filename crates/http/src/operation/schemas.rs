//! What bodies and answers look like: types of the wire become schemas of the document, which
//! refer to each other by name.

use utoipa::ToSchema;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, ArrayItems, ObjectBuilder, OneOfBuilder, Type,
};
use utoipa::openapi::{Ref, RefOr, Schema};

use super::success::{Bare, Success, SuccessUnlessErased, SuccessWithNull};

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

    /// A reference to the envelope `E` around `T`.
    fn envelope<E: ToSchema, T: ToSchema>(&mut self) -> RefOr<Schema> {
        let data = self.reference::<T>();
        let name = format!("{}_{}", E::name(), T::name());
        let mut schema = E::schema();
        if let RefOr::T(Schema::Object(envelope)) = &mut schema {
            envelope.properties.insert("data".to_owned(), data);
        }
        self.add::<E>(name, schema)
    }

    /// The same where the data may be null.
    fn envelope_or_null<E: ToSchema, T: ToSchema>(&mut self) -> RefOr<Schema> {
        let data = self.reference::<T>();
        let data = OneOfBuilder::new()
            .item(data)
            .item(ObjectBuilder::new().schema_type(Type::Null));
        let name = format!("{}_{}", E::name(), T::name());
        let mut schema = E::schema();
        if let RefOr::T(Schema::Object(envelope)) = &mut schema {
            let properties = &mut envelope.properties;
            properties.insert("data".to_owned(), data.into());
        }
        self.add::<E>(name, schema)
    }

    /// Adds those of an answer, whose objects may have further fields.
    pub(super) fn extend_opened(&mut self, mut answered: Self) {
        for (_, schema) in &mut answered.0 {
            open(schema);
        }
        self.0.extend(answered.0);
    }

    fn add<T: ToSchema>(&mut self, name: String, schema: RefOr<Schema>) -> RefOr<Schema> {
        T::schemas(&mut self.0);
        self.0.push((name.clone(), schema));
        RefOr::Ref(Ref::from_schema_name(name))
    }
}

/// Says of the objects in `schema` that they may have further fields. Answers may grow in any release,
/// and clients of some generators refuse what is not said to be allowed.
pub(crate) fn open(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            if !object.properties.is_empty() {
                let further = AdditionalProperties::FreeForm(true);
                object.additional_properties = Some(Box::new(further));
            }
            object.properties.values_mut().for_each(open);
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                open(items);
            }
        }
        Schema::OneOf(choice) => choice.items.iter_mut().for_each(open),
        Schema::AnyOf(choice) => choice.items.iter_mut().for_each(open),
        Schema::AllOf(parts) => parts.items.iter_mut().for_each(open),
        _ => {}
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

impl<T: ToSchema> Answer for SuccessUnlessErased<T>
where
    Self: ToSchema,
{
    fn schema(schemas: &mut Schemas) -> RefOr<Schema> {
        schemas.envelope_or_null::<Self, T>()
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
