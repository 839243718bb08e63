//! Every type of event, as it is written: the examples of the documents are made here.
//!
//! `UPDATE_DOCUMENTS=1 cargo test -p accolade-wire` writes them.

use std::collections::BTreeSet;
use std::path::Path;

use accolade_domain::actor::Actor;
use accolade_domain::approval::{ChangeState, RuledOperation};
use accolade_domain::earning::{Limit, Scope, Span, Window};
use accolade_domain::event::{
    BadgeChanged, BadgeFact, ChangeFact, EarnFact, EnrolmentFact, Event, EventKind, Fact,
    ForgottenFact, JobFact, LimitCount, LimitFact, Position,
};
use accolade_domain::fixtures::{at, count, customer, owner};
use accolade_domain::job::{JobOperation, JobState, Rows};
use accolade_domain::owner::OwnerType;
use accolade_domain::zone::CalendarUnit;
use jsonschema::Draft;
use serde_json::{Value, json};

use super::*;

fn enrolment() -> EnrolmentFact {
    EnrolmentFact {
        badge: "66276dc68fe258516a88ff8e".parse().unwrap(),
        customer: customer(62_090_013),
        enrolment: "6627b1a58fe258516a891f02".parse().unwrap(),
        event_on: at("2026-05-01T11:00:00Z"),
        expires_on: at("2031-01-15T09:32:37Z"),
        triggered_by: Some(owner(OwnerType::Loyalty, "123694")),
        request_id: Some("welcome-7".try_into().unwrap()),
        actor: Some(Actor::try_from(1).unwrap()),
        reason: None,
    }
}

fn earn() -> EarnFact {
    EarnFact {
        badge: "66276dc68fe258516a88ff8e".parse().unwrap(),
        customer: customer(62_090_013),
        earned: "6627b2138fe258516a891f17".parse().unwrap(),
        enrolment: Some("6627b1a58fe258516a891f02".parse().unwrap()),
        event_on: at("2026-05-01T11:59:58.250Z"),
        expires_on: at("2027-01-01T00:00:00Z"),
        triggered_by: Some(owner(OwnerType::Loyalty, "123694")),
        request_id: Some("till-4-000042".try_into().unwrap()),
        actor: Some(Actor::try_from(1).unwrap()),
        reason: None,
        limits: vec![
            LimitCount {
                limit: month(),
                count: 3,
            },
            LimitCount {
                limit: Limit {
                    scope: Scope::Badge,
                    span: Span::Rolling {
                        unit: CalendarUnit::Days,
                        length: count(7),
                        since: at("2026-04-24T12:00:00Z"),
                    },
                    max: 1_000,
                },
                count: 118,
            },
        ],
    }
}

/// Three earns of a customer in May.
fn month() -> Limit {
    Limit {
        scope: Scope::Customer,
        span: Span::Fixed {
            reference: "e6791ec9-e92f-34af-bdc3-be2607fdf82c".parse().unwrap(),
            window: Window {
                starts_on: at("2026-05-01T00:00:00Z"),
                ends_on: Some(at("2026-06-01T00:00:00Z")),
            },
        },
        max: 3,
    }
}

fn fact(kind: EventKind) -> Fact {
    let badge = |changed, version, claimed: bool| {
        let fact = BadgeFact {
            badge: "66276dc68fe258516a88ff8e".parse().unwrap(),
            version,
            name: "Gold".try_into().unwrap(),
            actor: Actor::try_from(1).unwrap(),
            owner: claimed.then(|| owner(OwnerType::Loyalty, "123694")),
        };
        Fact::Badge(changed, fact)
    };
    let reason = Some("enrolled by mistake".try_into().unwrap());
    match kind {
        EventKind::EnrolmentCreated => Fact::EnrolmentCreated(enrolment()),
        EventKind::EnrolmentRevoked => Fact::EnrolmentRevoked(EnrolmentFact {
            request_id: None,
            reason,
            ..enrolment()
        }),
        EventKind::EnrolmentExpired => Fact::EnrolmentExpired(EnrolmentFact {
            request_id: None,
            actor: None,
            expires_on: at("2026-05-01T11:59:30Z"),
            ..enrolment()
        }),
        EventKind::EarnCreated => Fact::EarnCreated(earn()),
        EventKind::EarnImported => Fact::EarnImported(EarnFact {
            enrolment: None,
            triggered_by: None,
            request_id: Some("history-2025_1".try_into().unwrap()),
            limits: vec![],
            ..earn()
        }),
        EventKind::EarnRevoked => Fact::EarnRevoked(EarnFact {
            request_id: None,
            limits: vec![],
            ..earn()
        }),
        EventKind::EarnExpired => Fact::EarnExpired(EarnFact {
            request_id: None,
            actor: None,
            expires_on: at("2026-05-01T11:59:30.125Z"),
            limits: vec![],
            ..earn()
        }),
        EventKind::LimitReached => Fact::LimitReached(LimitFact {
            badge: earn().badge,
            customer: Some(earn().customer),
            limit: month(),
        }),
        EventKind::BadgeCreated => badge(BadgeChanged::Created, 1, false),
        EventKind::BadgeUpdated => badge(BadgeChanged::Updated, 3, false),
        EventKind::BadgeActivated => badge(BadgeChanged::Activated, 5, false),
        EventKind::BadgeDeactivated => badge(BadgeChanged::Deactivated, 4, false),
        EventKind::BadgeClaimed => badge(BadgeChanged::Claimed, 2, true),
        EventKind::BadgeUnclaimed => badge(BadgeChanged::Unclaimed, 6, true),
        EventKind::WebhookDisabled => Fact::WebhookDisabled {
            webhook: "6627c0d18fe258516a892a40".parse().unwrap(),
            reason: "no delivery succeeded for five days".to_owned(),
        },
        EventKind::JobFinished => Fact::JobFinished(JobFact {
            job: "spring-2026".try_into().unwrap(),
            operation: JobOperation::Enrol,
            state: JobState::Completed,
            rows: Rows {
                total: Some(1_000_000),
                succeeded: 999_700,
                refused: 280,
                invalid: 20,
            },
        }),
        EventKind::ChangeSubmitted => Fact::Change(change(ChangeState::Pending)),
        EventKind::ChangeApproved => Fact::Change(change(ChangeState::Approved)),
        EventKind::ChangeRejected => Fact::Change(change(ChangeState::Rejected)),
        EventKind::ChangeWithdrawn => Fact::Change(change(ChangeState::Withdrawn)),
        EventKind::ChangeExpired => Fact::Change(change(ChangeState::Expired)),
        EventKind::ChangeFailed => Fact::Change(change(ChangeState::Failed)),
        EventKind::CustomerMerged => Fact::CustomerMerged {
            from: earn().customer,
            to: customer(62_090_014),
        },
        EventKind::CustomerErased => Fact::CustomerErased {
            customer: earn().customer,
        },
    }
}

fn change(state: ChangeState) -> ChangeFact {
    let is_voted = matches!(
        state,
        ChangeState::Approved | ChangeState::Rejected | ChangeState::Failed
    );
    ChangeFact {
        change: "ef1bc378-a4d4-41ee-b2a9-462516199fc5".parse().unwrap(),
        operation: RuledOperation::Enrol,
        state,
        maker: Actor::try_from(1).unwrap(),
        checker: is_voted.then(|| Actor::try_from(2).unwrap()),
        comment: is_voted.then(|| "As agreed".try_into().unwrap()),
    }
}

fn event(fact: Fact) -> Event {
    Event {
        org: 100_458.try_into().unwrap(),
        position: Position::try_from(42).unwrap(),
        recorded_on: at("2026-05-01T12:00:00Z"),
        fact,
    }
}

fn written(event: &Event) -> Value {
    serde_json::to_value(cloud_event(event)).unwrap()
}

/// Fails unless the example called `name` is `value`.
fn check_example(name: &str, value: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples/events")
        .join(format!("{name}.json"));
    let made = format!("{value:#}\n");
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(made == kept, "{name} is written as\n{made}");
}

/// The schema at a place of the AsyncAPI document, which allows no field that it does not name.
fn strictly(place: &str) -> jsonschema::Validator {
    let mut document = asyncapi("0");
    let schemas = document["components"]["schemas"].as_object_mut().unwrap();
    for schema in schemas.values_mut() {
        if let Some(parts) = schema["allOf"].as_array() {
            assert!(!parts.is_empty());
            schema["unevaluatedProperties"] = json!(false);
        }
    }
    let registry = jsonschema::Registry::new()
        .add("json-schema:///asyncapi", document)
        .unwrap()
        .prepare()
        .unwrap();
    let reference = json!({"$ref": format!("json-schema:///asyncapi#/{place}"), "unevaluatedProperties": false});
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_registry(&registry)
        .should_validate_formats(true)
        .build(&reference)
        .unwrap()
}

fn differences(validator: &jsonschema::Validator, value: &Value) -> Vec<String> {
    let errors = validator.iter_errors(value);
    errors.map(|error| error.to_string()).collect()
}

#[test]
fn the_example_of_each_type_is_an_event_as_it_is_written_and_fits_its_schema() {
    for kind in EventKind::ALL {
        let event = event(fact(*kind));
        assert_eq!(event.kind(), *kind);
        let written = written(&event);
        check_example(kind.name(), &written);
        let place = format!("components/messages/{}/payload", kind.name());
        let found = differences(&strictly(&place), &written);
        assert!(found.is_empty(), "{kind:?}: {found:?}");
    }
}

#[test]
fn an_event_of_one_type_does_not_fit_the_schema_of_another() {
    for kind in EventKind::ALL {
        let place = format!("components/messages/{}/payload", kind.name());
        let validator = strictly(&place);
        for other in EventKind::ALL {
            let fits = validator.is_valid(&written(&event(fact(*other))));
            assert_eq!(fits, kind == other, "{kind:?} {other:?}");
        }
    }
}

#[test]
fn a_subject_is_as_the_table_says() {
    for kind in EventKind::ALL {
        let event = event(fact(*kind));
        let subject = cloud_event::Subject::of(&event).to_string();
        let words = |text: &str| -> Vec<String> {
            let parts = text.split('/').enumerate();
            parts
                .filter(|(place, _)| place % 2 == 0)
                .map(|(_, part)| part.to_owned())
                .collect()
        };
        let table = EventType::of(*kind).subject;
        let said = table.rsplit(' ').next().unwrap();
        assert_eq!(words(&subject), words(said), "{kind:?}");
    }
}

#[test]
fn attributes_are_as_cloudevents_wants_them_and_in_their_order() {
    let written = written(&event(fact(EventKind::EnrolmentCreated)));
    let names: Vec<_> = written.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "specversion",
            "id",
            "source",
            "type",
            "subject",
            "time",
            "recordedtime",
            "sequence",
            "partitionkey",
            "datacontenttype",
            "data"
        ]
    );
    let is_attribute = |name: &str| {
        name.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    assert!(names.iter().all(|name| is_attribute(name)));
    assert_eq!(written["id"], "100458-00000000000000000042");
    assert_eq!(
        event_id(&event(fact(EventKind::EnrolmentCreated))),
        written["id"]
    );
}

#[test]
fn what_webhooks_are_sent_has_the_time_as_its_timestamp_too() {
    let event = event(fact(EventKind::EarnExpired));
    let mut sent = serde_json::to_value(cloud_event(&event).with_timestamp()).unwrap();
    assert_eq!(sent["timestamp"], "2026-05-01T11:59:30.125Z");
    assert_eq!(sent["time"], sent["timestamp"]);
    sent.as_object_mut().unwrap().shift_remove("timestamp");
    assert_eq!(sent, written(&event));
}

#[test]
fn an_expiry_has_its_exact_instant_and_everything_else_the_moment_of_recording() {
    let expired = written(&event(fact(EventKind::EnrolmentExpired)));
    assert_eq!(expired["time"], "2026-05-01T11:59:30Z");
    assert_eq!(expired["recordedtime"], "2026-05-01T12:00:00Z");
    assert_eq!(expired["data"]["actor"], Value::Null);
    let earned = written(&event(fact(EventKind::EarnCreated)));
    assert_eq!(earned["time"], earned["recordedtime"]);
    assert_eq!(earned["data"]["eventDate"], "2026-05-01T11:59:58.250Z");
}

#[test]
fn a_limit_of_all_customers_names_none_and_only_fixed_windows_have_dates() {
    let limit = |customer, span, scope| {
        let limit = Limit {
            scope,
            span,
            max: 5,
        };
        let badge = earn().badge;
        let fact = LimitFact {
            badge,
            customer,
            limit,
        };
        written(&event(Fact::LimitReached(fact)))
    };
    let of_badge = limit(None, Span::AllTime, Scope::Badge);
    assert_eq!(of_badge["subject"], "badges/66276dc68fe258516a88ff8e");
    assert_eq!(of_badge["partitionkey"], "66276dc68fe258516a88ff8e");
    assert_eq!(
        of_badge["data"].to_string(),
        r#"{"badgeMetaId":"66276dc68fe258516a88ff8e","constraintType":"BADGE_FIXED_VALUE","referenceId":null,"startDate":null,"endDate":null,"maxEarnLimit":5}"#
    );
    let rolling = Span::Rolling {
        unit: CalendarUnit::Weeks,
        length: count(2),
        since: at("2026-04-17T12:00:00Z"),
    };
    let of_customer = limit(Some(earn().customer), rolling, Scope::Customer);
    assert_eq!(of_customer["partitionkey"], "62090013");
    assert_eq!(
        of_customer["data"]["constraintType"],
        "CUSTOMER_BADGE_ROLLING_WINDOW"
    );
    assert_eq!(of_customer["data"]["referenceId"], Value::Null);
}

#[test]
fn an_earn_in_the_format_of_the_family_is_as_its_consumers_know_it() {
    let issued_on = Some(at("2026-05-01T11:00:00Z"));
    let earned = event(fact(EventKind::EarnCreated));
    let gateway = |event: &Event, issued_on| {
        gateway_event(event, issued_on).map(|it| serde_json::to_value(it).unwrap())
    };
    let sent = gateway(&earned, issued_on).unwrap();
    check_example("badgeEarned", &sent);
    let found = differences(&strictly("components/messages/badgeEarned/payload"), &sent);
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(
        gateway(&earned, issued_on).unwrap()["eventId"],
        sent["eventId"]
    );

    let mut direct = earn();
    direct.enrolment = None;
    direct.limits = vec![];
    direct.triggered_by = None;
    let sent = gateway(&event(Fact::EarnCreated(direct)), issued_on).unwrap();
    let data = sent["data"].as_object().unwrap();
    assert!(!data.contains_key("issualId") && !data.contains_key("issuedOn"));
    assert_eq!(data["earnConstraints"], json!([]));
    assert_eq!(data["triggeringActivity"], Value::Null);
}

#[test]
fn only_earns_and_changes_are_events_in_the_format_of_the_family() {
    let sent = EventKind::ALL
        .iter()
        .filter(|kind| gateway_event(&event(fact(**kind)), None).is_some());
    let names: Vec<_> = sent.map(|kind| kind.name()).collect();
    let changes = [
        "change.submitted",
        "change.approved",
        "change.rejected",
        "change.withdrawn",
        "change.expired",
        "change.failed",
    ];
    assert_eq!(names, [&["earn.created"][..], &changes].concat());
    let approved = event(fact(EventKind::ChangeApproved));
    let sent = serde_json::to_value(gateway_event(&approved, None)).unwrap();
    check_example("requestWorkflowEvent", &sent);
    let payload = strictly("components/messages/requestWorkflowEvent/payload");
    let found = differences(&payload, &sent);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn the_document_names_every_type_once_and_its_references_lead_somewhere() {
    let document = asyncapi("1.2.3");
    let named: BTreeSet<_> = document["channels"]["feed"]["messages"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let kinds = EventKind::ALL.iter().map(|kind| kind.name());
    assert_eq!(named, kinds.collect());
    let text = document.to_string();
    for reference in text.split(r##""$ref":"#"##).skip(1) {
        let place = reference.split('"').next().unwrap();
        assert!(document.pointer(place).is_some(), "{place}");
    }
}

#[test]
fn of_a_forgotten_customer_nothing_is_said_but_the_badge() {
    let forgotten = |kind, badge| {
        let fact = Fact::Forgotten(ForgottenFact { kind, badge });
        let written = written(&event(fact));
        let place = ["type", "subject", "partitionkey", "data"].map(|name| written[name].clone());
        place.map(|it| it.as_str().map_or("null", |it| it).to_owned())
    };
    let badge = earn().badge;
    assert_eq!(
        forgotten(EventKind::EarnCreated, Some(badge)),
        [
            "accolade.earn.created".to_owned(),
            format!("badges/{badge}"),
            badge.to_string(),
            "null".to_owned(),
        ]
    );
    assert_eq!(
        forgotten(EventKind::CustomerMerged, None),
        ["accolade.customer.merged", "customers", "customers", "null"]
    );
}
