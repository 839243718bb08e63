//! Exports: everything that an organisation has, as a stream.

use accolade_application::access::{AccessGroup, Caller};
use accolade_application::customers::{current_one, resolve_one};
use accolade_application::exports::{Export, as_of, stretch};
use accolade_application::ports::Ports;
use accolade_wire::event::cursor;
use accolade_wire::export::query;
use accolade_wire::export::{
    ExportKind, ExportedBadgeBody, ExportedCustomFieldBody, ExportedCustomerBody, ExportedEarnBody,
    ExportedEnrolmentBody, ExportedGroupBody, Format, header, write,
};
use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue};
use utoipa::ToSchema;

use crate::failure::Failure;
use crate::operation::{Operation, example, get};
use crate::routes::call::Call;
use crate::streamed::{Block, Blocks, Opened};

/// The header that says from where on the feed tells what the export may lack.
const AS_OF: HeaderName = HeaderName::from_static("accolade-as-of");

/// What every export does.
const ABOUT: &str = "\
Streams every row of the organisation in the order of a key, revoked and removed ones too, for as long as it \
takes. Rows that were loaded, and then the events behind the first `Accolade-As-Of`, are an exact copy. Each row \
has a `cursor`: after a broken connection send that of the last row as `after`. An answer that does not come to \
its end is broken, never short.";

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        export::<ExportedEnrolmentBody<'static>>(
            ExportKind::Enrolments,
            "/exports/enrolments",
            ("exportEnrolments", "Export enrolments"),
            (
                example!("export-enrolments", "ndjson"),
                example!("export-enrolments", "csv"),
            ),
        ),
        export::<ExportedEarnBody<'static>>(
            ExportKind::EarnedBadges,
            "/exports/earnedBadges",
            ("exportEarnedBadges", "Export earned badges"),
            (
                example!("export-earned-badges", "ndjson"),
                example!("export-earned-badges", "csv"),
            ),
        ),
        export::<ExportedBadgeBody<'static>>(
            ExportKind::Badges,
            "/exports/badges",
            ("exportBadges", "Export badges"),
            (
                example!("export-badges", "ndjson"),
                example!("export-badges", "csv"),
            ),
        ),
        export::<ExportedGroupBody<'static>>(
            ExportKind::Groups,
            "/exports/groups",
            ("exportGroups", "Export groups"),
            (
                example!("export-groups", "ndjson"),
                example!("export-groups", "csv"),
            ),
        ),
        export::<ExportedCustomFieldBody<'static>>(
            ExportKind::CustomFields,
            "/exports/customFields",
            ("exportCustomFields", "Export custom fields"),
            (
                example!("export-custom-fields", "ndjson"),
                example!("export-custom-fields", "csv"),
            ),
        ),
        export::<ExportedCustomerBody<'static>>(
            ExportKind::Customers,
            "/exports/customers",
            ("exportCustomers", "Export the customer directory"),
            (
                example!("export-customers", "ndjson"),
                example!("export-customers", "csv"),
            ),
        ),
    ]
}

/// The export of such rows, each of which is a `Row`; some of them as lines of NDJSON and CSV.
fn export<Row: ToSchema>(
    kind: ExportKind,
    path: &'static str,
    (id, title): (&'static str, &'static str),
    (ndjson, csv): (&'static str, &'static str),
) -> Operation {
    let group = match kind {
        ExportKind::Customers => AccessGroup::Admin,
        _ => AccessGroup::BadgesRead,
    };
    let row = Row::name();
    let mut operation = get(path, move |call: Call| get_export(call, kind))
        .named(id, "Exports", title)
        .about(format!("{ABOUT} A line is a `{row}`."))
        .needs(group)
        .query(
            "format",
            "`ndjson`, a JSON object a line, or `csv`. Default `ndjson`.",
        )
        .query("after", "The `cursor` of the last row that you have.");
    if kind.has_badge() {
        operation = operation.query("badgeMetaId", "Of this badge only.");
    }
    if kind.has_moment() {
        operation = operation
            .query("recordedFrom", "Recorded at this moment or later.")
            .query("recordedTo", "Recorded before this moment.");
    }
    if kind.has_customer() {
        operation = operation
            .query("customerId", "Of this customer only.")
            .identifiers("`customerId` is an identifier")
            .codes(&[1026, 1028, 1994]);
    }
    operation
        .answers_lines::<Row>(
            "The rows.",
            vec![("application/x-ndjson", ndjson), ("text/csv", csv)],
        )
        .answers_header("200", "Accolade-As-Of")
        .answers_header("200", "Accolade-Warnings")
}

async fn get_export(call: Call, kind: ExportKind) -> Result<HttpResponse, Failure> {
    let named_by = call.named_by();
    let mut lookup = call.open_lookup().await?;
    let named_by = named_by.unwrap_or_else(|problem| {
        lookup.query.refuse(problem);
        None
    });
    let org = lookup.caller.org;
    let asked = query::read(&mut lookup.query, kind, org, named_by);
    let open = move |ports: &Ports, caller: &Caller| -> Result<_, Failure> {
        let (mut export, mut warnings) = (asked.export, Vec::new());
        if let Some(named) = asked.customer {
            let field = Some("customerId");
            let customer = resolve_one(ports, caller, &mut warnings, named, field)?;
            export = export.about(current_one(ports, caller, customer)?);
        }
        // Before the first row: what is recorded later is behind it.
        let as_of = cursor(org, as_of(ports, caller)?);
        let as_of = HeaderValue::from_str(&as_of).map_err(Failure::unexpected)?;
        Ok(Opened {
            blocks: Stretches {
                ports: ports.clone(),
                caller: caller.clone(),
                format: asked.format,
                header: header(kind, asked.format)?,
                next: Some(export),
            },
            content_type: asked.format.content_type(),
            headers: vec![(AS_OF, as_of)],
            warnings,
        })
    };
    lookup.answer_in_blocks(open).await
}

/// An export: a block is a stretch of its rows.
struct Stretches {
    ports: Ports,
    caller: Caller,
    format: Format,
    /// What stands before the first row, until it is given.
    header: Vec<u8>,
    next: Option<Export>,
}

impl Blocks for Stretches {
    fn next(&mut self) -> Result<Option<Block>, Failure> {
        let Some(export) = self.next else {
            return Ok(None);
        };
        let Self {
            ports,
            caller,
            format,
            ..
        } = &*self;
        let stretch = stretch(ports, caller, export)?;
        let lines = write(&stretch, *format, caller.org, &caller.zone)?;
        self.next = stretch.next;
        let header = std::mem::take(&mut self.header);
        Ok(Some(Block {
            bytes: [header, lines].concat().into(),
            rows: stretch.rows.len(),
        }))
    }
}
