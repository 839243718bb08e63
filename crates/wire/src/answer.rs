//! The description of an answer: its fields once, with what each shows.

/// Declares the fields of an answer and makes of them a type that is written as JSON, has the
/// answer's schema, and is made by `new` of the words of the domain.
///
/// A field is its name in the JSON, its type, and behind `=` what it shows of the arguments of
/// `new`, or of what the block behind them prepares. Where something of it may be missing, `new`
/// gives a `Result`, as it is written behind the arguments.
///
/// ```text
/// answer! {
///     /// A claim was taken back.
///     #[schema(as = UnclaimedBadge)]
///     pub struct UnclaimedBody<'a> {
///         /// Its own id of the use.
///         referenceId: &'a str = owner.reference.as_str(),
///     }
///     new(owner: &'a Owner) {}
/// }
/// ```
macro_rules! answer {
    (
        $(#[$meta:meta])*
        $vis:vis struct $Body:ident $(<$life:lifetime>)? {
            $($(#[$about:meta])* $field:ident: $type:ty = $value:expr,)+
        }
        new($($argument:ident: $Argument:ty),+) $(-> $Result:ty as $wrap:path)? { $($prepare:tt)* }
    ) => {
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        $(#[$meta])*
        #[allow(non_snake_case, clippy::struct_field_names, reason = "they are the wire's names")]
        $vis struct $Body $(<$life>)? {
            $($(#[$about])* $field: $type,)+
        }

        impl $(<$life>)? $Body $(<$life>)? {
            /// What is shown of these.
            #[allow(clippy::missing_errors_doc, reason = "the answer's description tells")]
            $vis fn new($($argument: $Argument),+) -> $crate::answer::answer!(@result $($Result)?) {
                $($prepare)*
                $crate::answer::answer!(@wrap ($($wrap)?) Self { $($field: $value,)+ })
            }
        }
    };
    (@result) => { Self };
    (@result $Result:ty) => { $Result };
    (@wrap () $shown:expr) => { $shown };
    (@wrap ($wrap:path) $shown:expr) => { $wrap($shown) };
}

pub(crate) use answer;
