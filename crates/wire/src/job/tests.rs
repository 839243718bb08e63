//! What rows ask for, and how they are written with their results.

use accolade_application::customers::NamedCustomer;
use accolade_application::ports::{IdentifierKind, RowAction};
use accolade_domain::ids::BadgeId;
use accolade_domain::instant::Instant;
use accolade_domain::job::{JobFormat, JobOperation, RowStatus};
use accolade_domain::owner::{Owner, OwnerType};
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::ReferenceId;
use proptest::prelude::*;

use super::*;

const BADGE: &str = "66276dc68fe258516a88ff8e";

fn badge() -> BadgeId {
    BADGE.parse().unwrap()
}

fn at(seconds: i64) -> Instant {
    Instant::from_unix_seconds(seconds).unwrap()
}

fn owner(owner_type: OwnerType, reference: &str) -> Owner {
    Owner {
        owner_type,
        reference: ReferenceId::try_from(reference).unwrap(),
    }
}

fn of_badge() -> Common {
    Common {
        badge: Some(badge()),
        ..Common::default()
    }
}

fn number(customer: i64) -> NamedCustomer {
    NamedCustomer::Number(customer.try_into().unwrap())
}

fn rows(format: JobFormat, file: &str) -> Rows {
    let mut rows = Rows::new(format);
    rows.feed(file.as_bytes());
    rows.finish();
    rows
}

fn reader(
    operation: JobOperation,
    common: Common,
    file: &str,
) -> Result<RowReader, Vec<Rejection>> {
    let mut rows = rows(JobFormat::Csv, file);
    RowReader::csv(operation, common, rows.columns().unwrap().unwrap())
}

type Action = Result<RowAction, (u32, String, Option<String>)>;

fn actions(mut reader: RowReader, mut rows: Rows) -> Vec<Action> {
    let mut read = Vec::new();
    while let Some(row) = rows.next_row() {
        read.push(
            reader
                .read(&row)
                .map_err(|it| (it.code.number(), it.message, it.field)),
        );
    }
    read
}

fn csv(operation: JobOperation, common: Common, file: &str) -> Vec<Action> {
    let reader = reader(operation, common, file).unwrap();
    actions(reader, rows(JobFormat::Csv, file))
}

fn ndjson(operation: JobOperation, common: Common, file: &str) -> Vec<Action> {
    let reader = RowReader::ndjson(operation, common);
    actions(reader, rows(JobFormat::Ndjson, file))
}

/// Code and column of what is wrong with a header.
fn missing(operation: JobOperation, header: &str) -> Vec<(u32, String)> {
    let problems = reader(operation, Common::default(), header).unwrap_err();
    let report = problems
        .into_iter()
        .map(|it| (it.code.number(), it.field.unwrap()));
    report.collect()
}

#[allow(clippy::unnecessary_wraps)] // It is compared with what is read, which may fail.
fn enrol(customer: NamedCustomer, event_on: Option<Instant>, by: Option<Owner>) -> Action {
    Ok(RowAction::Enrol {
        badge: badge(),
        customer,
        event_on,
        triggered_by: by,
    })
}

#[test]
fn the_file_of_earned_badges_that_movers_have_is_read_as_it_is() {
    let file = format!(
        "badgeMetaId,customerId,earnEventDate,earnExpiresOn\r\n\
         {BADGE},62090013,1674292011,2024-01-21T08:53:48Z\r\n"
    );
    let read = csv(JobOperation::Import, Common::default(), &file);
    let [Ok(RowAction::Import(row))] = read.as_slice() else {
        panic!("{read:?}");
    };
    assert_eq!((row.badge, &row.customer), (badge(), &number(62_090_013)));
    assert_eq!(
        (row.event_on, row.expires_on),
        (at(1_674_292_011), at(1_705_827_228))
    );
}

#[test]
fn the_file_of_customers_that_movers_have_is_read_as_it_is() {
    let file = "customerId,email,mobile,externalId,cardNumber,loyaltyTier\n\
                7,Anna@example.org,+4930123456,,,gold\n\
                ,bea@example.org,,,,\n";
    let read = csv(JobOperation::Customers, Common::default(), file);
    let Ok(RowAction::Customer(entry)) = &read[0] else {
        panic!("{read:?}");
    };
    assert_eq!(entry.customer.get(), 7);
    let identifiers = &entry.identifiers;
    assert_eq!(
        identifiers.email.as_ref().unwrap().as_str(),
        "Anna@example.org"
    );
    assert_eq!(identifiers.mobile.as_ref().unwrap().as_str(), "+4930123456");
    assert_eq!(
        (&identifiers.external_id, &identifiers.card_number),
        (&None, &None)
    );
    assert_eq!(read[1].as_ref().unwrap_err().0, 812);
}

#[test]
fn columns_may_stand_in_any_order_and_case_and_others_are_ignored() {
    let file = format!("Note,ISSUEEVENTDATE,CustomerID , BadgeMetaId\nx,1713860055, 7 ,{BADGE}\n");
    assert_eq!(
        csv(JobOperation::Enrol, Common::default(), &file),
        [enrol(number(7), Some(at(1_713_860_055)), None)]
    );
}

#[test]
fn a_date_has_all_forms_that_it_has_in_bodies_and_its_twin_wins() {
    let file = "customerId,eventDate,eventDateISO\n\
                1,1713860055,\n1,1713860055250,\n1,2024-04-23T13:44:15+05:30,\n\
                1,5,1970-01-01T00:00:07Z\n1,,1970-01-01T00:00:07Z\n1,,\n1,23.04.2024,\n";
    let read = csv(JobOperation::Enrol, of_badge(), file);
    let moments: Vec<_> = read
        .iter()
        .map(|action| match action {
            Ok(RowAction::Enrol { event_on, .. }) => Ok(*event_on),
            other => Err(other.clone().unwrap_err().2),
        })
        .collect();
    let exactly = Instant::from_unix_micros(1_713_860_055_250_000).unwrap();
    assert_eq!(
        moments,
        [
            Ok(Some(at(1_713_860_055))),
            Ok(Some(exactly)),
            Ok(Some(at(1_713_860_055))),
            Ok(Some(at(7))),
            Ok(Some(at(7))),
            Ok(None),
            Err(Some("eventDate".to_owned())),
        ]
    );
}

#[test]
fn what_a_row_does_not_say_the_job_says() {
    let common = Common {
        badge: Some(badge()),
        event_on: Some(at(5)),
        triggered_by: Some(owner(OwnerType::Loyalty, "job")),
    };
    let other = "66276dc68fe258516a88ff8f";
    let file = format!(
        "customerId,badgeMetaId,eventDate,ownerType,referenceId\n\
         1,,,,\n2,{other},7,journeys,own\n3,,,,own\n4,,,Journeys,\n"
    );
    let loyalty = |reference| Some(owner(OwnerType::Loyalty, reference));
    assert_eq!(
        csv(JobOperation::Enrol, common.clone(), &file),
        [
            enrol(number(1), Some(at(5)), loyalty("job")),
            Ok(RowAction::Enrol {
                badge: other.parse().unwrap(),
                customer: number(2),
                event_on: Some(at(7)),
                triggered_by: Some(owner(OwnerType::Journeys, "own")),
            }),
            enrol(number(3), Some(at(5)), loyalty("own")),
            enrol(
                number(4),
                Some(at(5)),
                Some(owner(OwnerType::Journeys, "job"))
            ),
        ]
    );
    let rows = r#"{"customerId":1,"badgeMetaId":null}
        {"CUSTOMERID":"3","referenceId":"own"}
        {"customerId":4,"triggeredBy":{"ownerType":"Journeys","referenceId":"own"}}"#;
    assert_eq!(
        ndjson(JobOperation::Enrol, common, rows),
        [
            enrol(number(1), Some(at(5)), loyalty("job")),
            enrol(number(3), Some(at(5)), loyalty("own")),
            enrol(
                number(4),
                Some(at(5)),
                Some(owner(OwnerType::Journeys, "own"))
            ),
        ]
    );
}

#[test]
fn half_an_owner_is_no_owner_unless_the_job_says_the_other_half() {
    let file = "customerId,ownerType,referenceId\n1,Loyalty,\n2,,5\n";
    let codes: Vec<_> = csv(JobOperation::Enrol, of_badge(), file)
        .into_iter()
        .map(|action| action.unwrap_err().0)
        .collect();
    assert_eq!(codes, [717, 716]);
}

#[test]
fn an_owner_may_stand_in_a_cell_as_exports_have_it() {
    let file = "customerId,triggeredBy\n\
                1,\"{\"\"ownerType\"\":\"\"Loyalty\"\",\"\"referenceId\"\":\"\"5\"\"}\"\n2,5\n";
    let read = csv(JobOperation::Enrol, of_badge(), file);
    assert_eq!(
        read[0],
        enrol(number(1), None, Some(owner(OwnerType::Loyalty, "5")))
    );
    assert_eq!(
        read[1].as_ref().unwrap_err().2.as_deref(),
        Some("triggeredBy")
    );
}

#[test]
fn the_number_of_a_customer_wins_and_then_the_first_identifier_that_is_there() {
    let file = "cardNumber,externalId,mobile,email,customerId\n\
                c,e,m,a@b,7\nc,e,m,a@b,\nc,e,m,,\nc,e,,,\nc,,,,\n,,,,\n";
    let by = |kind, text: &str| NamedCustomer::Identifier(kind, text.to_owned());
    let read: Vec<_> = csv(JobOperation::Enrol, of_badge(), file)
        .into_iter()
        .map(|action| match action {
            Ok(RowAction::Enrol { customer, .. }) => Ok(customer),
            other => Err(other.unwrap_err().0),
        })
        .collect();
    assert_eq!(
        read,
        [
            Ok(number(7)),
            Ok(by(IdentifierKind::Email, "a@b")),
            Ok(by(IdentifierKind::Mobile, "m")),
            Ok(by(IdentifierKind::ExternalId, "e")),
            Ok(by(IdentifierKind::CardNumber, "c")),
            Err(812),
        ]
    );
}

#[test]
fn revocations_name_what_is_revoked_and_why() {
    let file = format!("customerId,issueId,reason\n1,{BADGE},Sent twice\n2,,\n3,5,\n");
    let read = csv(JobOperation::RevokeEnrolments, of_badge(), &file);
    let Ok(RowAction::RevokeEnrolments {
        enrolment, reason, ..
    }) = &read[0]
    else {
        panic!("{read:?}");
    };
    assert_eq!(enrolment.unwrap().to_string(), BADGE);
    assert_eq!(reason.as_ref().unwrap().as_str(), "Sent twice");
    let Ok(RowAction::RevokeEnrolments {
        enrolment, reason, ..
    }) = &read[1]
    else {
        panic!("{read:?}");
    };
    assert_eq!((enrolment, reason), (&None, &None));
    assert_eq!(read[2].as_ref().unwrap_err().2.as_deref(), Some("issueId"));

    let file = format!("customerId,earnedBadgeId\n1,{BADGE}\n2,\n");
    let read = csv(JobOperation::RevokeEarns, of_badge(), &file);
    assert!(
        matches!(&read[0], Ok(RowAction::RevokeEarn { earned, .. }) if earned.to_string() == BADGE)
    );
    assert_eq!(
        read[1].as_ref().unwrap_err().2.as_deref(),
        Some("earnedBadgeId")
    );
}

#[test]
fn a_column_that_is_needed_is_named_before_anything_is_done() {
    let at = |column: &str| (1969, column.to_owned());
    assert_eq!(
        missing(JobOperation::Enrol, "name;customerId\n"),
        [at("badgeMetaId"), at("customerId")]
    );
    assert_eq!(
        missing(JobOperation::Earn, "customerId"),
        [at("badgeMetaId")]
    );
    assert_eq!(
        missing(JobOperation::RevokeEarns, "email,badgeMetaId"),
        [at("earnedBadgeId")]
    );
    assert_eq!(
        missing(JobOperation::Import, "badgeMetaId,mobile"),
        [at("eventDate"), at("earnExpiresOn")]
    );
    assert_eq!(
        missing(JobOperation::Customers, "badgeMetaId"),
        [at("customerId"), at("email")]
    );
    let common = Common {
        event_on: Some(self::at(5)),
        ..of_badge()
    };
    assert!(reader(JobOperation::Import, common, "customerId,expiresOnISO").is_ok());
}

#[test]
fn two_columns_of_one_field_are_one_too_many() {
    let problems = missing(
        JobOperation::Earn,
        "badgeMetaId,customerId,earnEventDate,IssueEventDate,note,note,,\n",
    );
    assert_eq!(problems, [(400, "IssueEventDate".to_owned())]);
    let row = r#"{"customerId":1,"earnEventDate":5,"issueEventDate":6}"#;
    let read = ndjson(JobOperation::Earn, of_badge(), row);
    assert_eq!(
        read[0].as_ref().unwrap_err().2.as_deref(),
        Some("eventDate")
    );
}

#[test]
fn all_that_is_wrong_with_a_row_is_said_under_the_names_of_its_file() {
    let file = "BADGEMETAID,EMAIL,customerId,earnEventDate,earnExpiresOn\n8,a,x,,\n";
    let read = csv(JobOperation::Import, Common::default(), file);
    let (code, message, field) = read[0].clone().unwrap_err();
    assert_eq!((code, field.as_deref()), (400, Some("BADGEMETAID")));
    assert_eq!(
        message,
        "Must be an id of 24 hexadecimal digits. customerId: Must be a whole number from 1 to \
         9223372036854775807. earnEventDate: Is required. earnExpiresOn: Is required."
    );
}

#[test]
fn a_line_that_is_no_object_is_wrong_in_its_own_row() {
    let lines =
        "[1]\n{\"customerId\":1\n\"x\"\n{\"customerId\":1}\n{\"customerId\":1,\"customerId\":2}\n";
    let read = ndjson(JobOperation::Enrol, of_badge(), lines);
    let said: Vec<_> = read
        .iter()
        .map(|action| {
            action
                .as_ref()
                .map_or_else(|(_, message, _)| message.as_str(), |_| "")
        })
        .collect();
    assert_eq!(
        said,
        [
            "Must be an object, not an array.",
            "Is not valid JSON: mend it at column 15.",
            "Must be an object, not a string.",
            "",
            "The field is given more than once. Send it once.",
        ]
    );
}

fn results(from: JobFormat, to: JobFormat, file: &str) -> String {
    let mut rows = rows(from, file);
    let columns = rows.columns().unwrap().cloned();
    let mut writer = ResultWriter::new(columns.as_ref(), to);
    let mut out = Vec::new();
    writer.begin(&mut out);
    let refusal = Rejection::new(Code::CustomerLimitReached).with_message("Full, \"again\".");
    let mut results = [
        (RowStatus::Succeeded, Some(BADGE), None),
        (
            RowStatus::Refused,
            None,
            Some(refusal.at_field("customerId")),
        ),
        (RowStatus::Unprocessed, None, None),
    ]
    .into_iter();
    while let Some(row) = rows.next_row() {
        let (status, id, rejection) = match row.problem() {
            Some(problem) => (RowStatus::Invalid, None, Some(problem.clone())),
            None => results.next().unwrap(),
        };
        let result = RowResult {
            status,
            id,
            rejection: rejection.as_ref(),
        };
        writer.write(&mut out, &row, &result);
    }
    String::from_utf8(out).unwrap()
}

const FILE: &str = "customerId,\"note, long\",,status,\n1,\"a\n\"\"b\"\"\",,x,\n1,2\n2,b,y,,\n3,ä,,,1,2,3\n3,,,,\n";

#[test]
fn results_in_csv_have_the_columns_of_the_file_behind_their_own() {
    assert_eq!(
        results(JobFormat::Csv, JobFormat::Csv, FILE),
        format!(
            "line,status,id,code,message,customerId,\"note, long\",,status,\n\
             2,SUCCEEDED,{BADGE},,,1,\"a\n\"\"b\"\"\",,x,\n\
             4,INVALID,,400,\"Has 2 fields, where the header has 5.\",1,2,,,\n\
             5,REFUSED,,817,\"customerId: Full, \"\"again\"\".\",2,b,y,,\n\
             6,INVALID,,400,\"Has 7 fields, where the header has 5.\",3,ä,,,1\n\
             7,UNPROCESSED,,,,3,,,,\n"
        )
    );
}

#[test]
fn results_in_ndjson_have_the_row_as_an_object_or_the_text_of_one_that_is_none() {
    let shown = |row: &str| row.replace('\'', "\"");
    assert_eq!(
        results(JobFormat::Csv, JobFormat::Ndjson, FILE),
        [
            format!(
                "{{'line':2,'status':'SUCCEEDED','id':'{BADGE}','code':null,'message':null,\
                     'row':{{'customerId':'1','note, long':'a\\n\\\"b\\\"','':'','status':'x'}}}}\n"
            ),
            "{'line':4,'status':'INVALID','id':null,'code':400,\
              'message':'Has 2 fields, where the header has 5.','row':'1,2'}\n"
                .to_owned(),
            "{'line':5,'status':'REFUSED','id':null,'code':817,\
              'message':'customerId: Full, \\\"again\\\".',\
              'row':{'customerId':'2','note, long':'b','':'y','status':''}}\n"
                .to_owned(),
            "{'line':6,'status':'INVALID','id':null,'code':400,\
              'message':'Has 7 fields, where the header has 5.','row':'3,ä,,,1,2,3'}\n"
                .to_owned(),
            "{'line':7,'status':'UNPROCESSED','id':null,'code':null,'message':null,\
              'row':{'customerId':'3','note, long':'','':'','status':''}}\n"
                .to_owned(),
        ]
        .map(|line| shown(&line))
        .concat()
    );
}

#[test]
fn the_lines_of_an_ndjson_file_stay_as_they_are() {
    let file = "{\"b\": 1.50, \"a\":[]}\n\n[1]\r\nno \"json\"";
    assert_eq!(
        results(JobFormat::Ndjson, JobFormat::Ndjson, file),
        format!(
            "{{\"line\":1,\"status\":\"SUCCEEDED\",\"id\":\"{BADGE}\",\"code\":null,\"message\":null,\
             \"row\":{{\"b\": 1.50, \"a\":[]}}}}\n\
             {{\"line\":3,\"status\":\"REFUSED\",\"id\":null,\"code\":817,\
             \"message\":\"customerId: Full, \\\"again\\\".\",\"row\":\"[1]\"}}\n\
             {{\"line\":4,\"status\":\"UNPROCESSED\",\"id\":null,\"code\":null,\"message\":null,\
             \"row\":\"no \\\"json\\\"\"}}\n"
        )
    );
    assert_eq!(
        results(JobFormat::Ndjson, JobFormat::Csv, file),
        format!(
            "line,status,id,code,message,row\n\
             1,SUCCEEDED,{BADGE},,,\"{{\"\"b\"\": 1.50, \"\"a\"\":[]}}\"\n\
             3,REFUSED,,817,\"customerId: Full, \"\"again\"\".\",[1]\n\
             4,UNPROCESSED,,,,\"no \"\"json\"\"\"\n"
        )
    );
}

proptest! {
    #[test]
    fn results_in_csv_are_read_again_as_the_rows_that_they_are_of(
        cells in proptest::collection::vec("[ab\"\r\n,ä;]{0,6}", 3..4)
    ) {
        let quoted = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
        let file = format!("a,b,c\n{}\n", quoted.collect::<Vec<_>>().join(","));
        let written = results(JobFormat::Csv, JobFormat::Csv, &file);
        let mut read = rows(JobFormat::Csv, &written);
        let row = read.next_row().unwrap();
        prop_assert_eq!(row.problem(), None);
        let read: Vec<_> = row.fields().skip(OF_RESULT_COUNT).map(String::from).collect();
        prop_assert_eq!(read, cells);
    }

    /// Where a file has nothing but customers, most rows are not read as the first one is.
    #[test]
    fn what_a_row_means_does_not_depend_on_those_before_it(
        cells in proptest::collection::vec(" ?(0|7|-1|[1-9][0-9]{0,18}|x|\"12\"|)", 1..6),
        operation in 0..6_usize,
    ) {
        let operation = JobOperation::ALL[operation];
        let common = Common { badge: Some(BADGE.parse().unwrap()), ..Common::default() };
        let read = |cells: &[String]| {
            let lines: Vec<_> = cells.iter().map(|cell| format!("{cell},-")).collect();
            csv(operation, common.clone(), &format!("customerId,note\n{}\n", lines.join("\n")))
        };
        if reader(operation, common.clone(), "customerId,note\n").is_ok() {
            let each: Vec<_> = cells.chunks(1).flat_map(read).collect();
            prop_assert_eq!(read(&cells), each);
        }
    }

    #[test]
    fn no_row_makes_reading_panic(text in "\\PC{0,80}", format in 0..2_usize, operation in 0..6_usize) {
        let operation = JobOperation::ALL[operation];
        let format = JobFormat::ALL[format];
        let file = match format {
            JobFormat::Csv => format!(
                "customerId,email,badgeMetaId,eventDate,expiresOn,earnedBadgeId,issuedId,ownerType\n{text}\n"
            ),
            JobFormat::Ndjson => text,
        };
        let mut rows = rows(format, &file);
        let reader = match rows.columns().unwrap() {
            Some(columns) => RowReader::csv(operation, Common::default(), columns).unwrap(),
            None => RowReader::ndjson(operation, Common::default()),
        };
        let _ = actions(reader, rows);
    }
}

const OF_RESULT_COUNT: usize = 5;
