//! What became of one customer of a batch: parts that answers to batches share.

use std::iter;

use accolade_application::answer::UnknownCustomer;
use accolade_domain::rejection::{Code, Rejection};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// Why a customer of a batch failed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerError<'a> {
    /// The code.
    #[schema(example = 1040)]
    code: u32,
    /// What it means.
    message: &'a str,
    /// Always null.
    #[schema(required, value_type = Option<String>)]
    reference: (),
}

impl CustomerError<'static> {
    /// `code` with its standing message.
    pub(crate) fn standing(code: Code) -> Self {
        Self {
            code: code.number(),
            message: code.message(),
            reference: (),
        }
    }
}

impl<'a> From<&'a Rejection> for CustomerError<'a> {
    fn from(rejection: &'a Rejection) -> Self {
        Self {
            code: rejection.code.number(),
            message: &rejection.message,
            reference: (),
        }
    }
}

/// A customer whose identifier nobody has: the identifier as it was sent, and 1026.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Unknown<'a> {
    customer_id: &'a str,
    error: CustomerError<'static>,
}

/// One customer of a batch, in its place.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Placed<'a, K> {
    /// One whom the directory knows, or who was named by number.
    Known(K),
    /// One whose identifier nobody has.
    #[serde(serialize_with = "write_unknown")]
    Unknown(&'a UnknownCustomer),
}

/// The customers `known`, with those of `unknown` at their places among them.
pub(crate) fn placed<K>(
    mut known: impl Iterator<Item = K>,
    unknown: &[UnknownCustomer],
) -> impl Iterator<Item = Placed<'_, K>> {
    let mut unknown = unknown.iter().peekable();
    let mut place = 0;
    iter::from_fn(move || {
        let is_its_turn = |unknown: &&UnknownCustomer| unknown.position <= place;
        let customer = match unknown.next_if(is_its_turn) {
            Some(unknown) => Some(Placed::Unknown(unknown)),
            None => match known.next() {
                Some(known) => Some(Placed::Known(known)),
                None => unknown.next().map(Placed::Unknown),
            },
        };
        place += 1;
        customer
    })
}

/// Writes the elements `known`, with those of `unknown` at their places among them.
pub(crate) fn collect<K: Serialize, S: Serializer>(
    known: impl Iterator<Item = K>,
    unknown: &[UnknownCustomer],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(placed(known, unknown))
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field over by reference"
)]
fn write_unknown<S: Serializer>(
    unknown: &&UnknownCustomer,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let element = Unknown {
        customer_id: &unknown.identifier,
        error: CustomerError::standing(Code::IdentifierUnknown),
    };
    element.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collected(known: &[i64], unknown: &[u32]) -> String {
        let unknown: Vec<_> = unknown
            .iter()
            .map(|position| UnknownCustomer {
                position: *position,
                identifier: "x".to_owned(),
            })
            .collect();
        let mut json = serde_json::Serializer::new(Vec::new());
        collect(known.iter(), &unknown, &mut json).unwrap();
        let message = Code::IdentifierUnknown.message();
        let stranger = format!(
            r#"{{"customerId":"x","error":{{"code":1026,"message":"{message}","reference":null}}}}"#
        );
        String::from_utf8(json.into_inner())
            .unwrap()
            .replace(&stranger, "x")
    }

    #[test]
    fn unknown_customers_stand_at_their_places() {
        assert_eq!(collected(&[1, 2, 3], &[]), "[1,2,3]");
        assert_eq!(collected(&[1, 2], &[0, 2, 4]), "[x,1,x,2,x]");
        assert_eq!(collected(&[], &[0, 1]), "[x,x]");
    }
}
