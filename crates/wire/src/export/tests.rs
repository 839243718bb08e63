//! Rows as they are written, and what can be asked for.

use accolade_application::answer::{BadgeCounts, BadgeView, DirectoryEcho};
use accolade_application::exports::{Export, ExportedRows, Stretch};
use accolade_application::ports::{
    CustomerExport, EarnRecord, EnrolmentRecord, Exported, HeldExport, HeldKey, ListExport,
    RecordedIn,
};
use accolade_domain::badge::Rank;
use accolade_domain::catalogue::{CustomField, DataType, Group};
use accolade_domain::earning::EarnedBadge;
use accolade_domain::enrolment::Enrolment;
use accolade_domain::fixtures::{at, customer, hold, owner, plain, second};
use accolade_domain::ids::{BadgeId, ObjectId, OrgId};
use accolade_domain::owner::OwnerType;
use accolade_domain::zone::Zone;
use serde_json::Value;

use super::cursor::cursor;
use super::query::read;
use super::row::columns;
use super::{ExportKind, Format, header, write};
use crate::query::Query;

fn org() -> OrgId {
    100_458.try_into().unwrap()
}

fn badge() -> BadgeId {
    "66276dc68fe258516a88ff8e".parse().unwrap()
}

fn id(last: u8) -> ObjectId {
    ObjectId::from_bytes([102, 39, 177, 165, 143, 226, 88, 81, 106, 137, 31, last])
}

fn key() -> HeldKey {
    HeldKey {
        customer: customer(62_090_013),
        badge: badge(),
        ordinal: 1,
    }
}

fn enrolment() -> Exported<EnrolmentRecord> {
    Exported {
        key: key(),
        record: EnrolmentRecord {
            enrolment: Enrolment {
                id: id(2).into(),
                hold: hold(1_000, 2_000),
                revoked_on: Some(second(1_700)),
            },
            recorded_on: second(1_500),
            triggered_by: Some(owner(OwnerType::Loyalty, "a,\"b\"")),
            revoked_by: 7.try_into().ok(),
            revoke_reason: "wrong person".try_into().ok(),
        },
        request_id: "=1+1".try_into().unwrap(),
        created_by: 3.try_into().unwrap(),
    }
}

fn earned_badge() -> Exported<EarnRecord> {
    Exported {
        key: key(),
        record: EarnRecord {
            earned: EarnedBadge {
                id: id(3).into(),
                enrolment: Some(id(2).into()),
                event_on: second(1_400),
                earned_on: second(1_500),
                expires_on: second(9_000),
                revoked_on: None,
                imported: false,
            },
            triggered_by: None,
            revoked_by: None,
            revoke_reason: None,
        },
        request_id: "r1".try_into().unwrap(),
        created_by: 3.try_into().unwrap(),
    }
}

fn rows() -> [ExportedRows; 6] {
    let badge = plain("Gold");
    let (on, by) = (badge.created_on, badge.created_by);
    [
        ExportedRows::Enrolments(vec![enrolment()]),
        ExportedRows::EarnedBadges(vec![earned_badge()]),
        ExportedRows::Badges(vec![BadgeView {
            earning_ends_on: None,
            badge,
            number: 1.try_into().ok(),
            group: None,
            counts: BadgeCounts {
                issued: 2,
                earned: 1,
            },
            now: second(1_800),
        }]),
        ExportedRows::Groups(vec![Group {
            id: id(4).into(),
            org: org(),
            name: "Metals".try_into().unwrap(),
            rank: Rank::try_from(2).unwrap(),
            active: false,
            created_on: on,
            created_by: by,
            updated_on: on,
            updated_by: by,
        }]),
        ExportedRows::CustomFields(vec![CustomField {
            id: id(5).into(),
            org: org(),
            name: "Size".try_into().unwrap(),
            data_type: DataType::String,
            mandatory: false,
            default: None,
            active: true,
            created_on: on,
            created_by: by,
            updated_on: on,
            updated_by: by,
        }]),
        ExportedRows::Customers(vec![DirectoryEcho {
            customer: customer(1),
            email: "anna@example.org".try_into().ok(),
            mobile: None,
            external_id: None,
            card_number: None,
        }]),
    ]
}

fn written(rows: ExportedRows, format: Format) -> String {
    let stretch = Stretch {
        rows,
        now: second(1_800),
        next: None,
    };
    String::from_utf8(write(&stretch, format, org(), &Zone::utc()).unwrap()).unwrap()
}

#[test]
fn a_line_of_json_is_what_details_show_and_more() {
    let line = written(ExportedRows::Enrolments(vec![enrolment()]), Format::Ndjson);
    assert_eq!(
        line,
        concat!(
            r#"{"issuedOn":1500.000000000,"issuedOnISO":"1970-01-01T00:25:00Z","issuedStatus":"REVOKED","#,
            r#""issueExpiresOn":2000.000000000,"issueExpiresOnISO":"1970-01-01T00:33:20Z","#,
            r#""issueId":"6627b1a58fe258516a891f02","ownerType":"Loyalty","ownerReferenceId":"a,\"b\"","#,
            r#""revokedOn":1700.000000000,"revokedOnISO":"1970-01-01T00:28:20Z","#,
            r#""revokeReason":"wrong person","issueEventDate":1000.000000000,"#,
            r#""issueEventDateISO":"1970-01-01T00:16:40Z","customerId":62090013,"#,
            r#""badgeMetaId":"66276dc68fe258516a88ff8e","requestId":"=1+1","createdBy":3,"revokedBy":7,"#,
            r#""cursor":"AQEAAAAAAAGIagAAAAADs2sdZidtxo_iWFFqiP-OAAAAAQ"}"#,
            "\n"
        )
    );
}

#[test]
fn a_line_of_csv_has_the_same_under_the_names() {
    let line = written(ExportedRows::Enrolments(vec![enrolment()]), Format::Csv);
    assert_eq!(
        line,
        "1500.000000000,1970-01-01T00:25:00Z,REVOKED,2000.000000000,1970-01-01T00:33:20Z,\
         6627b1a58fe258516a891f02,Loyalty,\"a,\"\"b\"\"\",1700.000000000,1970-01-01T00:28:20Z,\
         wrong person,1000.000000000,1970-01-01T00:16:40Z,62090013,66276dc68fe258516a88ff8e,=1+1,3,7,\
         AQEAAAAAAAGIagAAAAADs2sdZidtxo_iWFFqiP-OAAAAAQ\n"
    );
}

#[test]
fn every_export_has_a_column_for_each_member_of_its_rows() {
    for (kind, rows) in ExportKind::ALL.iter().zip(rows()) {
        let json = written(rows.clone(), Format::Ndjson);
        let row: Value = serde_json::from_str(&json).unwrap();
        let row = row.as_object().unwrap();
        let names: Vec<_> = row.keys().map(String::as_str).collect();
        assert_eq!(names, columns(*kind), "{kind:?}");

        let csv = [
            header(*kind, Format::Csv).unwrap(),
            written(rows, Format::Csv).into_bytes(),
        ]
        .concat();
        let mut reader = csv::Reader::from_reader(csv.as_slice());
        assert_eq!(*reader.headers().unwrap(), names, "{kind:?}");
        let cells = reader.records().next().unwrap().unwrap();
        for (cell, (name, value)) in cells.iter().zip(row) {
            match value {
                Value::Null => assert_eq!(cell, "", "{name}"),
                Value::String(text) => assert_eq!(cell, text, "{name}"),
                other => {
                    let said: Value = serde_json::from_str(cell).unwrap();
                    assert_eq!(said, *other, "{name}");
                }
            }
        }
        assert_eq!(header(*kind, Format::Ndjson).unwrap(), b"");
    }
}

fn asked(kind: ExportKind, text: &str) -> (Export, Format, Vec<String>) {
    let mut query = Query::parse(text);
    let asked = read(&mut query, kind, org(), None);
    let report = query.finish();
    assert_eq!(report.warnings, []);
    let problems = report.problems.into_iter().filter_map(|it| it.field);
    (asked.export, asked.format, problems.collect())
}

#[test]
fn everything_that_can_be_asked_for_is_read() {
    let after = cursor(ExportKind::EarnedBadges, org(), &key());
    let text = format!(
        "format=CSV&after={after}&badgeMetaId=66276DC68FE258516A88FF8E&recordedFrom=1713860055\
         &recordedTo=2024-04-23T13:44:16+05:30"
    );
    let recorded = RecordedIn {
        from: Some(at("2024-04-23T08:14:15Z")),
        to: Some(at("2024-04-23T08:14:16Z")),
    };
    let expected = Export::EarnedBadges(HeldExport {
        after: Some(key()),
        badge: Some(badge()),
        customer: None,
        recorded,
    });
    let nothing = Vec::<String>::new();
    let read = asked(ExportKind::EarnedBadges, &text);
    assert_eq!(read, (expected, Format::Csv, nothing.clone()));

    let after = cursor(ExportKind::Groups, org(), &id(4));
    let read = asked(ExportKind::Groups, &format!("after={after}"));
    let expected = Export::Groups(ListExport {
        after: Some(id(4).into()),
        ..ListExport::default()
    });
    assert_eq!(read, (expected, Format::Ndjson, nothing.clone()));

    let mut query = Query::parse("customerId=7");
    let read = super::query::read(&mut query, ExportKind::Customers, org(), None);
    assert_eq!(read.export, Export::Customers(CustomerExport::default()));
    assert_eq!(read.customer, Some(customer(7).into()));
}

#[test]
fn a_filter_that_rows_have_nothing_for_is_refused() {
    let all = "badgeMetaId=66276dc68fe258516a88ff8e&customerId=7&recordedFrom=1&recordedTo=2";
    for (kind, expected) in [
        (ExportKind::Enrolments, vec![]),
        (ExportKind::EarnedBadges, vec![]),
        (ExportKind::Badges, vec!["customerId"]),
        (ExportKind::Groups, vec!["badgeMetaId", "customerId"]),
        (ExportKind::CustomFields, vec!["badgeMetaId", "customerId"]),
        (
            ExportKind::Customers,
            vec!["badgeMetaId", "recordedFrom", "recordedTo"],
        ),
    ] {
        assert_eq!(asked(kind, all).2, expected, "{kind:?}");
    }
}

#[test]
fn what_cannot_be_meant_is_named_all_at_once() {
    let text = "format=xml&after=x&badgeMetaId=y&customerId=z&recordedFrom=a&recordedTo=b";
    let (.., problems) = asked(ExportKind::Enrolments, text);
    let expected = [
        "format",
        "badgeMetaId",
        "recordedFrom",
        "recordedTo",
        "customerId",
        "after",
    ];
    assert_eq!(problems, expected);
}
