//! The bodies of requests to earn, for one customer and for many, and to revoke an earned badge.

use accolade_application::earning::{EarnBadge, Earners, RevokeEarn};
use accolade_domain::earning::EventDate;

use crate::customer::named::{self, ParseContext, TriggeredBy};
use crate::instant::WireIso;
use crate::json::{Fields, Presence, body};
use crate::shapes::{CustomerReference, CustomerReferences, InstantInput, TextOrNumber};

body! {
    /// A customer who is to earn a badge.
    #[schema(as = EarnRequest)]
    pub struct EarnRequestBody {
        /// The badge.
        #[schema(example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: String => badge = fields.field(name).required().object_id(),
        /// The customer.
        customerId: CustomerReference => earners = named::one(fields.field(name), context.named_by)
            .map(Earners::One),
        /// The caller's id of this request, 1 to 255 characters; required here or in the header.
        requestId: Option<TextOrNumber> => request_id = context.request_id(fields, name, true),
        /// When the criteria were fulfilled; now if it is absent.
        earnEventDate: Option<InstantInput> =>
            event = Some(dated(fields, name)),
        /// The same as text; wins over the number.
        earnEventDateISO: Option<WireIso>,
        /// Who triggers it; absent if it is done by hand at the care desk.
        triggeredBy: Option<TriggeredBy> => triggered_by = Some(TriggeredBy::field(fields, name)),
    }
    parse(fields, name, context: ParseContext<'_>) -> EarnBadge {
        EarnBadge { badge, earners, request_id, event, triggered_by, by_hand: None }
    }
}

body! {
    /// Customers who are to earn a badge.
    #[schema(as = EarnBulkRequest)]
    pub struct EarnBulkRequestBody {
        /// The badge.
        #[schema(example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: String => badge = fields.field(name).required().object_id(),
        /// The customers.
        customerIds: CustomerReferences => customers = named::several(fields, name, context),
        /// The caller's id of this request, 1 to 255 characters; required here or in the header.
        requestId: Option<TextOrNumber> => request_id = context.request_id(fields, name, true),
        /// When the criteria were fulfilled; now if it is absent.
        earnEventDate: Option<InstantInput> => event = Some(event_date(fields, name)),
        /// The same as text; wins over the number.
        earnEventDateISO: Option<WireIso>,
        /// Read where `earnEventDate` is absent.
        issueEventDate: Option<InstantInput>,
        /// The same as text; wins over the number.
        issueEventDateISO: Option<WireIso>,
        /// Who triggers it; absent if it is done by hand at the care desk.
        triggeredBy: Option<TriggeredBy> => triggered_by = Some(TriggeredBy::field(fields, name)),
    }
    parse(fields, name, context: ParseContext<'_>) -> EarnBadge {
        named::warn_of_repeats(&customers, fields, "customerIds");
        let earners = Earners::Several(customers);
        EarnBadge { badge, earners, request_id, event, triggered_by, by_hand: None }
    }
}

/// The date in the field `name`.
fn dated(fields: &mut Fields<'_, '_>, name: &'static str) -> EventDate {
    EventDate {
        on: fields.instant_pair(name, Presence::Optional),
        field: name,
    }
}

/// The date in the field `earned`, else that in `issueEventDate`, as some clients call it.
fn event_date(fields: &mut Fields<'_, '_>, earned: &'static str) -> EventDate {
    const ISSUED: &str = "issueEventDate";
    const ISSUED_ISO: &str = "issueEventDateISO";
    if !fields.has(earned) && !fields.has(&format!("{earned}ISO")) {
        let issued = dated(fields, ISSUED);
        return issued.on.map_or_else(EventDate::default, |_| issued);
    }
    fields.ignore_all(&[ISSUED, ISSUED_ISO], "Ignored: earnEventDate says when.");
    dated(fields, earned)
}

body! {
    /// An earned badge to revoke.
    #[schema(as = RevokeEarnRequest)]
    pub struct RevokeEarnRequestBody {
        /// The badge.
        #[schema(example = "653ddb33b3cda7078c7c68e9")]
        badgeMetaId: String => badge = fields.field(name).required().object_id(),
        /// The customer.
        customerId: CustomerReference => customer = named::one(fields.field(name), context.named_by),
        /// The earned badge.
        #[schema(example = "654cbea06bccde1274b6d3a2")]
        earnedBadgeId: String => earned = fields.field(name).required().object_id(),
        /// The caller's id of this request, 1 to 255 characters.
        requestId: Option<TextOrNumber> => request_id = Some(context.request_id(fields, name, false)),
        /// Why it is revoked, 1 to 255 characters: kept, and shown to the care desk.
        #[schema(min_length = 1, max_length = 255, example = "Earned by mistake")]
        reason: Option<String> => reason = Some(fields.field(name).text()),
    }
    parse(fields, name, context: ParseContext<'_>) -> RevokeEarn {
        RevokeEarn { badge, customer, earned, request_id, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Parsed;

    const CONTEXT: ParseContext<'static> = ParseContext {
        max_customers: 3,
        request_id: Some(b"r"),
        named_by: None,
    };

    fn parsed(dates: &str) -> Parsed<EarnBadge> {
        let body =
            format!(r#"{{"badgeMetaId":"66276dc68fe258516a88ff8e","customerIds":[1]{dates}}}"#);
        EarnBulkRequestBody::parse(body.as_bytes(), CONTEXT).unwrap()
    }

    fn dated(dates: &str) -> (Option<i64>, Vec<(u32, Option<String>)>) {
        let Parsed { value, warnings } = parsed(dates);
        (
            value.event.on.map(|on| on.unix_micros() / 1_000_000),
            warnings
                .into_iter()
                .map(|it| (it.code.number(), it.field))
                .collect(),
        )
    }

    #[test]
    fn what_is_wrong_with_a_date_is_to_be_said_under_the_name_that_it_was_sent_by() {
        for (dates, field) in [
            ("", "earnEventDate"),
            (r#","earnEventDate":5"#, "earnEventDate"),
            (r#","issueEventDate":5"#, "issueEventDate"),
            (
                r#","issueEventDateISO":"1970-01-01T00:00:09Z""#,
                "issueEventDate",
            ),
            (r#","issueEventDate":5,"earnEventDate":5"#, "earnEventDate"),
        ] {
            assert_eq!(parsed(dates).value.event.field, field, "{dates}");
        }
    }

    #[test]
    fn the_date_of_an_earn_may_be_called_that_of_an_issue() {
        let at = |code: u32, path: &str| (code, Some(path.to_owned()));
        assert_eq!(dated(""), (None, vec![]));
        assert_eq!(dated(r#","issueEventDate":5"#), (Some(5), vec![]));
        assert_eq!(
            dated(r#","issueEventDate":5,"issueEventDateISO":"1970-01-01T00:00:09Z""#),
            (Some(9), vec![at(1991, "issueEventDate")])
        );
        assert_eq!(
            dated(r#","earnEventDate":null,"issueEventDateISO":"1970-01-01T00:00:09Z""#),
            (Some(9), vec![])
        );
        for earned in [
            r#""earnEventDate":7"#,
            r#""earnEventDateISO":"1970-01-01T00:00:07Z""#,
        ] {
            assert_eq!(
                dated(&format!(
                    r#","issueEventDate":5,"issueEventDateISO":"x",{earned}"#
                )),
                (
                    Some(7),
                    vec![at(1993, "issueEventDate"), at(1993, "issueEventDateISO")]
                )
            );
        }
    }
}
