//! Exports: everything that an organisation has, as a stream.

use accolade_application::access::AccessGroup;
use accolade_application::customers::{current_one, resolve_one};
use accolade_application::exports::as_of;
use accolade_domain::rejection::{Code, Rejection};
use accolade_wire::envelope::ascii_notices;
use accolade_wire::event::cursor;
use accolade_wire::export::query;
use accolade_wire::export::{
    ExportKind, ExportedBadgeBody, ExportedCustomFieldBody, ExportedCustomerBody, ExportedEarnBody,
    ExportedEnrolmentBody, ExportedGroupBody, header,
};
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::http::{Method, Version};
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use futures_util::stream;
use utoipa::ToSchema;

use crate::dispatch::Effect;
use crate::export::{Broken, Sending, read};
use crate::failure::Failure;
use crate::identifier;
use crate::operation::{Operation, get};
use crate::routes::call::Call;

/// The header that says from where on the feed tells what the export may lack.
const AS_OF: HeaderName = HeaderName::from_static("accolade-as-of");

/// The header that has what is odd about the request, where the answer has no envelope.
const WARNINGS: HeaderName = HeaderName::from_static("accolade-warnings");

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
        ),
        export::<ExportedEarnBody<'static>>(
            ExportKind::EarnedBadges,
            "/exports/earnedBadges",
            ("exportEarnedBadges", "Export earned badges"),
        ),
        export::<ExportedBadgeBody<'static>>(
            ExportKind::Badges,
            "/exports/badges",
            ("exportBadges", "Export badges"),
        ),
        export::<ExportedGroupBody<'static>>(
            ExportKind::Groups,
            "/exports/groups",
            ("exportGroups", "Export groups"),
        ),
        export::<ExportedCustomFieldBody<'static>>(
            ExportKind::CustomFields,
            "/exports/customFields",
            ("exportCustomFields", "Export custom fields"),
        ),
        export::<ExportedCustomerBody<'static>>(
            ExportKind::Customers,
            "/exports/customers",
            ("exportCustomers", "Export the customer directory"),
        ),
    ]
}

/// The export of such rows, each of which is a `Row`.
fn export<Row: ToSchema>(
    kind: ExportKind,
    path: &'static str,
    (id, title): (&str, &str),
) -> Operation {
    let group = match kind {
        ExportKind::Customers => AccessGroup::Admin,
        _ => AccessGroup::BadgesRead,
    };
    let row = Row::name();
    let mut operation = get(path, move |call: Call| get_export(call, kind))
        .named(id, "Exports", title)
        .about(&format!("{ABOUT} A line is a `{row}`."))
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
        .answers_lines::<Row>("The rows.", &["application/x-ndjson", "text/csv"])
        .answers_header("200", "Accolade-As-Of")
        .answers_header("200", "Accolade-Warnings")
}

async fn get_export(call: Call, kind: ExportKind) -> Result<HttpResponse, Failure> {
    let (is_head, version) = (call.method() == Method::HEAD, call.version());
    let named_by = identifier::kind(call.headers());
    let mut lookup = call.open_lookup().await?;
    refuse_without_an_end(version)?;
    let named_by = named_by.unwrap_or_else(|problem| {
        lookup.query.refuse(problem);
        None
    });
    let asked = query::read(&mut lookup.query, kind, lookup.caller.org, named_by);
    let report = std::mem::take(&mut lookup.query).finish();
    if !report.problems.is_empty() {
        return Err(report.problems.into());
    }
    let place = lookup.state.exports.take(lookup.caller.org);
    let place = place.ok_or_else(too_many)?;

    let (ports, caller) = (lookup.state.ports.clone(), lookup.caller.clone());
    let (format, mut warnings) = (asked.format, report.warnings);
    let work = move || -> Result<_, Failure> {
        let mut export = asked.export;
        if let Some(named) = asked.customer {
            let field = Some("customerId");
            let customer = resolve_one(&ports, &caller, &mut warnings, named, field)?;
            export = export.about(current_one(&ports, &caller, customer)?);
        }
        // Before the first row: what is recorded later is behind it.
        let as_of = as_of(&ports, &caller)?;
        let first = (!is_head).then(|| read(&ports, &caller, export, format));
        Ok((as_of, first.transpose()?, warnings))
    };
    let dispatcher = &lookup.state.dispatcher;
    let begun = dispatcher.run(lookup.deadline, Effect::Reads, work).await?;
    let (as_of, first, warnings) = begun?;

    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, format.content_type()));
    response.insert_header((AS_OF, cursor(lookup.caller.org, as_of)));
    if !warnings.is_empty() {
        let warnings = ascii_notices(&warnings)?;
        let warnings = HeaderValue::from_str(&warnings).map_err(Failure::unexpected)?;
        response.insert_header((WARNINGS, warnings));
    }
    let Some(first) = first else {
        return Ok(without_rows(response));
    };
    let begun = (header(kind, format)?, first);
    let by = (lookup.caller, lookup.permit);
    let sending = Sending::new(lookup.state, by, place, format, begun);
    Ok(response.streaming(sending.parts()))
}

/// The answer to who asks for its head alone.
fn without_rows(mut response: HttpResponseBuilder) -> HttpResponse {
    response.streaming(stream::empty::<Result<Bytes, Broken>>())
}

/// Before HTTP/1.1 an answer ends where its connection does, so that a broken one looks whole.
///
/// # Errors
/// 400 for such a version.
fn refuse_without_an_end(version: Version) -> Result<(), Rejection> {
    if version >= Version::HTTP_11 {
        return Ok(());
    }
    let message = "Exports need HTTP/1.1, where an answer that breaks off can be told from a whole one. If \
                   a proxy asks for you, let it: in nginx, proxy_http_version 1.1.";
    Err(Rejection::unreadable(message))
}

/// 1951.
fn too_many() -> Failure {
    let message = "Too many exports run already. Send it again when one of them has ended.";
    Rejection::new(Code::Unavailable)
        .with_message(message)
        .into()
}
