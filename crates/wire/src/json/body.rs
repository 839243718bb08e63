//! The description of a body: its fields once, for the reader and for the OpenAPI document.

/// Declares the fields of a body, in the order in which they are described and read, and makes of
/// them a type that has the body's schema and reads the body.
///
/// A field is its name in the JSON, what it looks like there (a type that has a schema), and
/// behind `=>` how it is read into a value: an `Option`, `None` for what cannot be read. The value
/// of a field that may be absent is an `Option` itself, hence the `Some(…)`. A field without `=>`
/// is described only; its neighbour reads it. When everything could be read, the last block makes
/// the result of the values. All fields are read before, so that none hides another's problem.
///
/// `parse` makes a whole body, which other crates parse; `read` makes a part of one.
///
/// ```text
/// body! {
///     /// Who claims a badge, or takes a claim back.
///     #[schema(as = OwnerRequest)]
///     pub struct OwnerRequestBody {
///         /// The module.
///         ownerType: OwnerTypeName => owner_type = fields.field(name)
///             .required_as(Code::OwnerTypeMissing)
///             .word(OwnerType::ALL, OwnerType::name),
///     }
///     parse(fields, name) -> Owner { Owner { owner_type } }
/// }
/// ```
macro_rules! body {
    (
        $(#[$meta:meta])*
        $vis:vis struct $Body:ident {
            $($(#[$about:meta])* $field:ident: $shape:ty $(=> $value:ident = $read:expr)?,)+
        }
        $kind:ident($fields:ident, $name:ident $(, $context:ident: $Context:ty)?)
            -> $Target:ty $make:block
    ) => {
        #[derive(Debug, utoipa::ToSchema)]
        $(#[$meta])*
        #[allow(dead_code, non_snake_case, reason = "its fields are described, not kept")]
        $vis struct $Body {
            $($(#[$about])* $field: $shape,)+
        }

        impl $Body {
            fn read(
                $fields: &mut $crate::json::Fields<'_, '_>
                $(, $context: $Context)?
            ) -> Option<$Target> {
                $($(
                    let $name = stringify!($field);
                    let $value = $read;
                )?)+
                $($(let $value = $value?;)?)+
                Some($make)
            }
        }

        $crate::json::body!(@$kind $Body ($($context: $Context)?) $Target);
    };
    (@read $($described:tt)*) => {};
    (@parse $Body:ident ($($context:ident: $Context:ty)?) $Target:ty) => {
        impl $Body {
            /// What `body` asks for.
            ///
            /// # Errors
            /// Everything that is wrong with it.
            pub fn parse(
                body: &[u8]
                $(, $context: $Context)?
            ) -> Result<$crate::json::Parsed<$Target>, Vec<accolade_domain::rejection::Rejection>> {
                $crate::json::read(body, |fields| Self::read(fields $(, $context)?))
            }
        }
    };
}

pub(crate) use body;
