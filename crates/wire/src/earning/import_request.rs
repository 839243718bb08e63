//! Reading earned badges to import: an array whose elements fail one by one.

use accolade_application::earning::ImportRow;
use accolade_domain::rejection::{Code, Rejection};

use crate::customer::named;
use crate::customer::named::ParseContext;
use crate::instant::WireIso;
use crate::json::{self, Parsed, Presence, body};
use crate::shapes::{CustomerReference, InstantInput};

body! {
    /// An earned badge from elsewhere.
    #[schema(as = ImportRow)]
    pub struct ImportRowBody {
        /// The badge.
        #[schema(example = "654e08f2041fd452b3ef5b2e")]
        badgeMetaId: String => badge = fields.field(name).required().object_id(),
        /// The customer.
        customerId: CustomerReference => customer = named::one(fields.field(name), context.named_by),
        /// When it was earned. Required, unless its twin is given.
        earnEventDate: Option<InstantInput> => event_on = fields.instant_pair(name, Presence::Required),
        /// The same as text; wins over the number.
        earnEventDateISO: Option<WireIso>,
        /// When it expires: later than it was earned. Required, unless its twin is given.
        earnExpiresOn: Option<InstantInput> => expires_on = fields.instant_pair(name, Presence::Required),
        /// The same as text; wins over the number.
        earnExpiresOnISO: Option<WireIso>,
    }
    read(fields, name, context: ParseContext<'_>) -> ImportRow {
        ImportRow { badge, customer, event_on, expires_on }
    }
}

/// The elements in their order, each read or refused by itself.
pub type Rows = Vec<Result<ImportRow, Vec<Rejection>>>;

/// The elements of `body`, at most as many as a request may name customers. The paths of warnings
/// begin with the element's place.
///
/// # Errors
/// It is no array, is empty, or has too many elements (1905).
pub fn read(body: &[u8], context: ParseContext<'_>) -> Result<Parsed<Rows>, Vec<Rejection>> {
    let elements = json::read_each(
        body,
        context.max_customers,
        Code::TooManyCustomers,
        |fields| ImportRowBody::read(fields, context),
    )?;
    if elements.is_empty() {
        let message = "The array is empty. Send at least one element.";
        return Err(vec![Rejection::unreadable(message)]);
    }
    let mut warnings = Vec::new();
    let rows = elements
        .into_iter()
        .enumerate()
        .map(|(index, element)| {
            let Parsed {
                value,
                warnings: own,
            } = element?;
            let place = format!("[{index}]");
            warnings.extend(own.into_iter().map(|warning| warning.below(&place)));
            Ok(value)
        })
        .collect();
    warnings.truncate(json::MOST_REPORTED);
    Ok(Parsed {
        value: rows,
        warnings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_at_most(max_customers: usize) -> ParseContext<'static> {
        ParseContext {
            max_customers,
            request_id: None,
            named_by: None,
        }
    }

    fn report(problems: &[Rejection]) -> Vec<(u32, Option<&str>)> {
        problems
            .iter()
            .map(|problem| (problem.code.number(), problem.field.as_deref()))
            .collect()
    }

    #[test]
    fn an_element_that_is_wrong_fails_alone() {
        let good = r#"{"badgeMetaId":"654e08f2041fd452b3ef5b2e","customerId":1,
            "earnEventDate":1674292011,"earnExpiresOn":1705828011,"x":1}"#;
        let body = format!(r#"[{{"badgeMetaId":"8"}},{good},null,7]"#);
        let Parsed { value, warnings } = read(body.as_bytes(), of_at_most(4)).unwrap();
        let problems: Vec<_> = value
            .iter()
            .map(|row| {
                row.as_ref()
                    .map_or_else(|problems| report(problems), |_| vec![])
            })
            .collect();
        assert_eq!(
            problems,
            [
                vec![
                    (400, Some("badgeMetaId")),
                    (812, Some("customerId")),
                    (400, Some("earnEventDate")),
                    (400, Some("earnExpiresOn")),
                ],
                vec![],
                vec![(400, None)],
                vec![(400, None)],
            ]
        );
        assert_eq!(report(&warnings), [(1990, Some("[1].x"))]);
    }

    #[test]
    fn what_is_no_array_of_a_few_elements_is_refused_as_a_whole() {
        for (body, code) in [("{}", 400), ("[]", 400), ("[1,2]", 1905), ("[1", 400)] {
            let problems = read(body.as_bytes(), of_at_most(1)).unwrap_err();
            assert_eq!(report(&problems), [(code, None)], "{body}");
        }
    }
}
