//! What is asked for of a job: in a body, or in a query where the body is its file.

use accolade_domain::ids::BadgeId;
use accolade_domain::job::{JobFormat, JobId, JobOperation, JobSettings};
use accolade_domain::owner::Owner;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::ReferenceId;

use crate::customer::named::TriggeredBy;
use crate::instant::WireIso;
use crate::json::{Presence, SET_BY_SERVER, body, sentence};
use crate::query::{Query, words};
use crate::shapes::InstantInput;
use crate::words::{JobFormatName, JobOperationName};

/// Fields that only answers have.
const ANSWERED: &[&str] = &[
    "state",
    "createdBy",
    "createdOn",
    "createdOnISO",
    "startedOn",
    "startedOnISO",
    "finishedOn",
    "finishedOnISO",
    "rows",
    "rowsPerSecond",
    "estimatedEnd",
    "estimatedEndISO",
    "failure",
];

/// The parameter by which a request says that its body is the job's file.
pub const OPERATION: &str = "operation";

/// A job that somebody wants to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedJob {
    /// The caller's id of it.
    pub id: Option<JobId>,
    /// What it is to do.
    pub settings: JobSettings,
    /// Whether it is to be started at once.
    pub start: bool,
}

body! {
    /// A job to create. Its file follows in parts.
    #[schema(as = JobRequest)]
    pub struct JobRequestBody {
        /// What is to be done by each row of its file.
        operation: JobOperationName => operation = fields.field(name).required()
            .word(JobOperation::ALL, JobOperation::name),
        /// How the rows are written.
        format: JobFormatName => format = fields.field(name).required()
            .word(JobFormat::ALL, JobFormat::name),
        /// The badge of all rows that name none.
        #[schema(example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: Option<String> => badge = Some(fields.field(name).object_id()),
        /// Who triggers all rows that say nothing of it.
        triggeredBy: Option<TriggeredBy> => triggered_by = Some(TriggeredBy::field(fields, name)),
        /// The event date of all rows that have none.
        eventDate: Option<InstantInput> =>
            event_on = Some(fields.instant_pair(name, Presence::Optional)),
        /// The same as text; wins over the number.
        eventDateISO: Option<WireIso>,
        /// Whether nothing is to be recorded: each row is judged as if those before it had been.
        dryRun: Option<bool> => dry_run = Some(fields.field(name).boolean()),
        /// The caller's id of the job: 1 to 64 letters, digits, `.`, `_` and `-`, but not `.`, `..` or `new`.
        /// One is made if it is absent.
        #[schema(min_length = 1, max_length = 64, example = "spring-2026")]
        jobId: Option<String> => id = Some(fields.field(name).text::<JobId>()),
    }
    parse(fields, name) -> AskedJob {
        fields.ignore_all(ANSWERED, SET_BY_SERVER);
        let settings = JobSettings {
            operation,
            format,
            badge,
            triggered_by,
            event_on,
            dry_run: dry_run.unwrap_or(false),
        };
        for warning in unused(&settings) {
            fields.warn(warning);
        }
        AskedJob { id, settings, start: false }
    }
}

/// The job that `query` asks for, where the body is its file; `None` if it does not say which. What is
/// wrong with it is remembered there.
pub fn read_query(query: &mut Query) -> Option<AskedJob> {
    let operation = query.required(OPERATION, |text| {
        words::one_of(text, JobOperation::ALL, JobOperation::name)
    });
    let format = query.required("format", |text| {
        words::one_of(text, JobFormat::ALL, JobFormat::name)
    });
    let badge = query.read("badgeMetaId", |text| {
        text.parse::<BadgeId>()
            .map_err(|_| Rejection::unreadable("Must be an id of 24 hexadecimal digits."))
    });
    let triggered_by = triggered_by(query);
    let event_on = query.read("eventDate", words::moment);
    let dry_run = query.flag("dryRun").unwrap_or(false);
    let id = query.read("jobId", |text| {
        JobId::try_from(text).map_err(|error| Rejection::unreadable(sentence(error)))
    });
    let start = query.flag("start").unwrap_or(false);
    let settings = JobSettings {
        operation: operation?,
        format: format?,
        badge,
        triggered_by,
        event_on,
        dry_run,
    };
    Some(AskedJob {
        id,
        settings,
        start,
    })
}

/// The owner that a query names by two parameters, of which each needs the other.
fn triggered_by(query: &mut Query) -> Option<Owner> {
    let (has_type, has_reference) = (query.has("ownerType"), query.has("referenceId"));
    let owner_type = query.read("ownerType", words::owner);
    let reference = query.read("referenceId", |text| {
        ReferenceId::try_from(text).map_err(|error| Rejection::unreadable(sentence(error)))
    });
    let missing = |code: Code, name: &str| Rejection::new(code).at_field(name);
    if has_reference && !has_type {
        query.refuse(missing(Code::OwnerTypeMissing, "ownerType"));
    }
    if has_type && !has_reference {
        query.refuse(missing(Code::ReferenceMissing, "referenceId"));
    }
    Some(Owner {
        owner_type: owner_type?,
        reference: reference?,
    })
}

/// A warning for each setting that says nothing to the rows of such an operation.
pub fn unused(settings: &JobSettings) -> Vec<Rejection> {
    let JobSettings {
        operation,
        badge,
        triggered_by,
        event_on,
        ..
    } = settings;
    let (for_badge, for_trigger, for_date) = match operation {
        JobOperation::Enrol | JobOperation::Earn => (true, true, true),
        JobOperation::Import => (true, false, true),
        JobOperation::RevokeEnrolments | JobOperation::RevokeEarns => (true, false, false),
        JobOperation::Customers => (false, false, false),
    };
    [
        ("badgeMetaId", badge.is_some() && !for_badge),
        ("triggeredBy", triggered_by.is_some() && !for_trigger),
        ("eventDate", event_on.is_some() && !for_date),
    ]
    .into_iter()
    .filter(|(_, is_unused)| *is_unused)
    .map(|(name, _)| {
        let message = format!("Ignored: it says nothing to {}.", operation.name());
        Rejection::new(Code::FieldIgnored)
            .with_message(message)
            .at_field(name)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use accolade_domain::fixtures::{at, owner};
    use accolade_domain::owner::OwnerType;

    const BADGE: &str = "66276dc68fe258516a88ff8e";

    fn settings(operation: JobOperation) -> JobSettings {
        JobSettings {
            operation,
            format: JobFormat::Csv,
            badge: BADGE.parse().ok(),
            triggered_by: Some(owner(OwnerType::Loyalty, "123694")),
            event_on: Some(at("2026-05-01T12:00:00Z")),
            dry_run: true,
        }
    }

    fn said(rejections: &[Rejection]) -> Vec<(u32, &str)> {
        rejections
            .iter()
            .map(|it| (it.code.number(), it.field.as_deref().unwrap_or_default()))
            .collect()
    }

    #[test]
    fn a_body_and_a_query_say_the_same_job() {
        let body = format!(
            r#"{{"operation":"enrol","format":"csv","badgeMetaId":"{BADGE}","jobId":"spring-2026",
            "triggeredBy":{{"ownerType":"Loyalty","referenceId":123694}},"dryRun":true,
            "eventDate":"2026-05-01T12:00:00Z"}}"#
        );
        let parsed = JobRequestBody::parse(body.as_bytes()).unwrap();
        let asked = AskedJob {
            id: JobId::try_from("spring-2026").ok(),
            settings: settings(JobOperation::Enrol),
            start: false,
        };
        assert_eq!((parsed.value, parsed.warnings), (asked.clone(), vec![]));

        let mut query = Query::parse(&format!(
            "operation=ENROL&format=CSV&badgeMetaId={BADGE}&jobId=spring-2026&ownerType=loyalty\
             &referenceId=123694&dryRun=true&eventDate=2026-05-01T12:00:00Z&start=true"
        ));
        let started = AskedJob {
            start: true,
            ..asked
        };
        assert_eq!(read_query(&mut query), Some(started));
        let report = query.finish();
        assert_eq!((report.problems, report.warnings), (vec![], vec![]));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let body = br#"{"operation":"ISSUE","badgeMetaId":"x","triggeredBy":{"referenceId":"1"},
            "eventDate":"x","dryRun":1,"jobId":"spring 2026"}"#;
        let problems = JobRequestBody::parse(body).unwrap_err();
        let fields = [
            (400, "operation"),
            (400, "format"),
            (400, "badgeMetaId"),
            (716, "triggeredBy.ownerType"),
            (400, "eventDate"),
            (400, "dryRun"),
            (400, "jobId"),
        ];
        assert_eq!(said(&problems), fields);

        let mut query = Query::parse(
            "operation=ISSUE&badgeMetaId=x&referenceId=1&eventDate=x&dryRun=1&jobId=spring+2026",
        );
        assert_eq!(read_query(&mut query), None);
        let fields = fields.map(|(code, field)| (code, field.trim_start_matches("triggeredBy.")));
        assert_eq!(said(&query.finish().problems), fields);
    }

    #[test]
    fn a_reference_needs_its_owner_and_an_owner_its_reference() {
        let mut query = Query::parse("operation=EARN&format=CSV&ownerType=Loyalty");
        read_query(&mut query);
        assert_eq!(said(&query.finish().problems), [(717, "referenceId")]);
    }

    #[test]
    fn what_says_nothing_to_the_operation_is_warned_of() {
        let warned = |operation| unused(&settings(operation));
        assert_eq!(said(&warned(JobOperation::Earn)), []);
        assert_eq!(said(&warned(JobOperation::Import)), [(1993, "triggeredBy")]);
        assert_eq!(
            said(&warned(JobOperation::RevokeEarns)),
            [(1993, "triggeredBy"), (1993, "eventDate")]
        );
        assert_eq!(
            said(&warned(JobOperation::Customers)),
            [
                (1993, "badgeMetaId"),
                (1993, "triggeredBy"),
                (1993, "eventDate")
            ]
        );
    }
}
