//! What is asked for of a webhook: to be created, or to be changed.

use std::collections::{BTreeMap, BTreeSet};

use accolade_application::webhooks::HeaderChanges;
use accolade_domain::event::EventKind;
use accolade_domain::ids::BadgeId;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::{Description, UrlText};
use accolade_domain::webhook::{
    DeliveryFormat, DeliveryOrder, HeaderName, HeaderValue, Headers, RatePerSecond, SignatureKind,
    WebhookDraft,
};
use url::Url;

use crate::json::{Field, Fields, SET_BY_SERVER, body, sentence};
use crate::words::{DeliveryFormatName, DeliveryOrderName, SignatureKindName};

/// Fields that only answers have.
const ANSWERED: &[&str] = &[
    "id",
    "orgId",
    "state",
    "disabledReason",
    "failingSince",
    "failingSinceISO",
    "position",
    "lag",
    "publicKey",
    "secret",
    "createdBy",
    "createdOn",
    "createdOnISO",
    "lastUpdatedBy",
    "lastUpdatedOn",
    "lastUpdatedOnISO",
];

/// The most headers that a webhook may have.
const MOST_HEADERS: usize = 20;

/// The most badges whose events a webhook may ask for by name.
const MOST_BADGES: usize = 1_000;

/// The most types that a list may have: each of them, several times over.
const MOST_TYPES: usize = 100;

body! {
    /// A webhook to create.
    #[schema(as = WebhookRequest)]
    pub struct WebhookRequestBody {
        /// Where events are sent: an absolute https address without credentials, whose every address
        /// is public.
        #[schema(max_length = 2048, example = "https://example.org/hooks/badges")]
        url: String => address = fields.field(name).required().text::<ReceiverUrl>(),
        /// The types of events that it gets, with or without `accolade.` before them. Absent or
        /// empty: all.
        types: Option<Vec<String>> => kinds = Some(kinds(fields.field(name))),
        /// The badges whose events it gets, and nothing else. Absent or empty: everything.
        badgeMetaIds: Option<Vec<String>> => badges = Some(badges(fields.field(name))),
        /// The form of what is sent. Default CLOUDEVENTS.
        format: Option<DeliveryFormatName> => format = Some(
            fields.field(name).word(DeliveryFormat::ALL, DeliveryFormat::name),
        ),
        /// How requests are signed. Default HMAC.
        signature: Option<SignatureKindName> => signature = Some(
            fields.field(name).word(SignatureKind::ALL, SignatureKind::name),
        ),
        /// Which events wait for which. Default CUSTOMER.
        ordering: Option<DeliveryOrderName> => order = Some(
            fields.field(name).word(DeliveryOrder::ALL, DeliveryOrder::name),
        ),
        /// Fixed headers of each request, which tell the receiver who sends. At most 20; their values
        /// are never shown.
        headers: Option<BTreeMap<String, String>> =>
            headers = Some(headers(fields.field(name), Absence::Refused)),
        /// The most events in one request: 1 to 100. From 2 on every body is an array. Default 1.
        #[schema(minimum = 1, maximum = 100)]
        batch: Option<i64> => batch = Some(fields.field(name).integer()),
        /// The most requests on their way at once: 1 to 100. Default 10.
        #[schema(minimum = 1, maximum = 100)]
        maxInFlight: Option<i64> => in_flight = Some(fields.field(name).integer()),
        /// The most requests that are begun in a second: 1 to 100 000. Absent or 0: as many as there
        /// are.
        #[schema(minimum = 0, maximum = 100_000)]
        ratePerSecond: Option<i64> => rate = Some(rate(fields.field(name))),
        /// What it is for, for people: up to 4 000 characters.
        #[schema(max_length = 4000)]
        description: Option<String> => description = Some(description(fields.field(name))),
    }
    parse(fields, name) -> (UrlText, WebhookDraft, Headers) {
        fields.ignore_all(ANSWERED, SET_BY_SERVER);
        let draft = WebhookDraft {
            url: None,
            kinds,
            badges,
            format,
            signature,
            order,
            batch,
            max_in_flight: in_flight,
            rate_per_second: rate,
            description,
        };
        let headers = headers.unwrap_or_default().into_iter();
        let headers = headers.filter_map(|(name, value)| Some((name, value?)));
        (address.0, draft, headers.collect())
    }
}

body! {
    /// What is to change of a webhook. What is left out stays as it is.
    #[schema(as = WebhookChange)]
    pub struct WebhookChangeBody {
        /// Where events are sent.
        #[schema(max_length = 2048, example = "https://example.org/hooks/badges")]
        url: Option<String> => address = Some(fields.field(name).text::<ReceiverUrl>()),
        /// The types of events that it gets. Empty: all.
        types: Option<Vec<String>> => kinds = Some(kinds(fields.field(name))),
        /// The badges whose events it gets, and nothing else. Empty: everything.
        badgeMetaIds: Option<Vec<String>> => badges = Some(badges(fields.field(name))),
        /// The form of what is sent.
        format: Option<DeliveryFormatName> => format = Some(
            fields.field(name).word(DeliveryFormat::ALL, DeliveryFormat::name),
        ),
        /// How requests are signed. Another kind brings a new secret, beside which the one before
        /// signs for 24 hours.
        signature: Option<SignatureKindName> => signature = Some(
            fields.field(name).word(SignatureKind::ALL, SignatureKind::name),
        ),
        /// Which events wait for which.
        ordering: Option<DeliveryOrderName> => order = Some(
            fields.field(name).word(DeliveryOrder::ALL, DeliveryOrder::name),
        ),
        /// All headers that it is to have. One whose value is null keeps its value.
        headers: Option<BTreeMap<String, Option<String>>> =>
            headers = Some(headers(fields.field(name), Absence::Kept)),
        /// The most events in one request: 1 to 100.
        #[schema(minimum = 1, maximum = 100)]
        batch: Option<i64> => batch = Some(fields.field(name).integer()),
        /// The most requests on their way at once: 1 to 100.
        #[schema(minimum = 1, maximum = 100)]
        maxInFlight: Option<i64> => in_flight = Some(fields.field(name).integer()),
        /// The most requests that are begun in a second: 1 to 100 000; 0: as many as there are.
        #[schema(minimum = 0, maximum = 100_000)]
        ratePerSecond: Option<i64> => rate = Some(rate(fields.field(name))),
        /// What it is for, for people; an empty text takes it away.
        #[schema(max_length = 4000)]
        description: Option<String> => description = Some(description(fields.field(name))),
    }
    parse(fields, name) -> (WebhookDraft, Option<HeaderChanges>) {
        fields.ignore_all(ANSWERED, SET_BY_SERVER);
        let draft = WebhookDraft {
            url: address.map(|address| address.0),
            kinds,
            badges,
            format,
            signature,
            order,
            batch,
            max_in_flight: in_flight,
            rate_per_second: rate,
            description,
        };
        (draft, headers)
    }
}

/// An absolute http or https address without credentials, and without a fragment, which is never sent.
struct ReceiverUrl(UrlText);

impl TryFrom<String> for ReceiverUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let kept = UrlText::try_from(text).map_err(|error| error.to_string())?;
        let text = kept.as_str();
        // The parser mends more than an address that is to be kept as it is may need.
        let odd = |character: char| character.is_control() || character.is_whitespace();
        let url = Url::parse(text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && text.contains("://")
        });
        let Some(url) = url.filter(|_| !text.contains(odd)) else {
            return Err("must be an absolute https address".to_owned());
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must have no credentials: send them as a header".to_owned());
        }
        if url.fragment().is_some() {
            return Err("must have no fragment, which is never sent".to_owned());
        }
        Ok(Self(kept))
    }
}

/// The types in `field`.
fn kinds(field: Field<'_, '_>) -> Option<BTreeSet<EventKind>> {
    let elements = field.list(MOST_TYPES, Code::Unreadable)?;
    let kinds = elements.filter_map(Field::text::<KindName>);
    Some(kinds.map(|name| name.0).collect())
}

struct KindName(EventKind);

impl TryFrom<String> for KindName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let known = EventKind::from_name(&text.trim().to_ascii_lowercase());
        known.map(Self).ok_or_else(|| {
            let names: Vec<_> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
            format!("must be one of {}", names.join(", "))
        })
    }
}

/// The badges in `field`.
fn badges(field: Field<'_, '_>) -> Option<BTreeSet<BadgeId>> {
    let elements = field.list(MOST_BADGES, Code::Unreadable)?;
    Some(elements.filter_map(Field::object_id).collect())
}

/// The rate in `field`; `Some(None)` if there is to be none.
#[expect(
    clippy::option_option,
    reason = "absent, and taken away, are two things"
)]
fn rate(field: Field<'_, '_>) -> Option<Option<RatePerSecond>> {
    field.read(|value| {
        if value.get() == "0" {
            return Ok(None);
        }
        let number: i64 = value.get().parse().unwrap_or(-1);
        RatePerSecond::try_from(number).map(Some).map_err(sentence)
    })
}

/// The description in `field`; `Some(None)` if there is to be none.
#[expect(
    clippy::option_option,
    reason = "absent, and taken away, are two things"
)]
fn description(field: Field<'_, '_>) -> Option<Option<Description>> {
    let text: Description = field.text()?;
    Some(Some(text).filter(|text| !text.as_str().is_empty()))
}

/// What a header without a value means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Absence {
    /// It is a problem.
    Refused,
    /// The value that there is stays.
    Kept,
}

/// The headers in `field`, by their names.
fn headers(field: Field<'_, '_>, absence: Absence) -> Option<HeaderChanges> {
    let fields: Fields<'_, '_> = field.object()?;
    let mut headers = HeaderChanges::new();
    for (name, value) in fields.rest() {
        let name = match HeaderName::try_from(name.as_ref()) {
            Ok(name) => name,
            Err(error) => {
                value.refuse(Rejection::unreadable(sentence(error)));
                continue;
            }
        };
        if headers.contains_key(&name) {
            let message = "The header is given more than once. Send it once.";
            value.refuse(Rejection::unreadable(message));
        } else if headers.len() == MOST_HEADERS {
            let message = format!("There are more than {MOST_HEADERS} headers.");
            value.refuse(Rejection::unreadable(message));
        } else if value.is_present() {
            let text = value.text::<HeaderText>();
            headers.insert(name, text.map(|text| text.0));
        } else if absence == Absence::Kept {
            headers.insert(name, None);
        } else {
            value.refuse(Rejection::required());
        }
    }
    Some(headers)
}

struct HeaderText(HeaderValue);

impl TryFrom<String> for HeaderText {
    type Error = accolade_domain::webhook::header::HeaderError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        HeaderValue::try_from(text.as_str()).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Problems = Vec<(u32, String)>;

    fn problems(rejections: Vec<Rejection>) -> Problems {
        let pairs = rejections.into_iter();
        pairs
            .map(|it| (it.code.number(), it.field.unwrap_or_default()))
            .collect()
    }

    fn refused(body: &str) -> Problems {
        problems(WebhookRequestBody::parse(body.as_bytes()).unwrap_err())
    }

    #[test]
    fn all_problems_are_told_at_once_with_their_paths() {
        let body = r#"{"url":"ftp://example.org","types":["earn.created","nothing",1],
            "badgeMetaIds":["8"],"format":"XML","signature":"RSA","ordering":"RANDOM",
            "headers":{"a b":"x","Host":"y","X-A":"a\nb","X-B":null,"x-c":"1","X-C":"2"},
            "batch":101,"maxInFlight":0,"ratePerSecond":-1,"description":" "}"#;
        let expected = [
            "url",
            "types[1]",
            "types[2]",
            "badgeMetaIds[0]",
            "format",
            "signature",
            "ordering",
            "headers.a b",
            "headers.Host",
            "headers.X-A",
            "headers.X-B",
            "headers.X-C",
            "batch",
            "maxInFlight",
            "ratePerSecond",
            "description",
        ];
        assert_eq!(refused(body), expected.map(|path| (400, path.to_owned())));
        assert_eq!(refused("{}"), [(400, "url".to_owned())]);
    }

    #[test]
    fn an_url_is_absolute_and_has_neither_credentials_nor_a_fragment() {
        for url in [
            "/hook",
            "https:example.org",
            "https://",
            "https://user@example.org/",
            "https://:secret@example.org/",
            "https://example.org/#part",
            "https://example.org/a b",
        ] {
            let body = serde_json::json!({"url": url}).to_string();
            assert_eq!(refused(&body), [(400, "url".to_owned())], "{url}");
        }
    }

    #[test]
    fn what_is_absent_is_absent_and_what_is_empty_takes_away() {
        let change = |body: &str| WebhookChangeBody::parse(body.as_bytes()).unwrap().value;
        assert_eq!(change("{}"), (WebhookDraft::default(), None));
        let body = r#"{"types":[],"ratePerSecond":0,"description":"","headers":{"X-A":null}}"#;
        let (draft, headers) = change(body);
        let emptied = WebhookDraft {
            kinds: Some(BTreeSet::new()),
            rate_per_second: Some(None),
            description: Some(None),
            ..WebhookDraft::default()
        };
        assert_eq!(draft, emptied);
        let name = HeaderName::try_from("x-a").unwrap();
        assert_eq!(headers, Some([(name, None)].into()));
    }

    #[test]
    fn types_have_their_prefix_or_not() {
        let body = r#"{"url":"https://example.org","types":["accolade.earn.created","EARN.CREATED","badge.created"]}"#;
        let (_, draft, _) = WebhookRequestBody::parse(body.as_bytes()).unwrap().value;
        let expected = [EventKind::EarnCreated, EventKind::BadgeCreated];
        assert_eq!(draft.kinds, Some(expected.into()));
    }
}
