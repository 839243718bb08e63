//! The fixed windows of a badge.

use accolade_application::access::AccessGroup;
use accolade_application::customers::resolve_one;
use accolade_application::earning::fixed_windows;
use accolade_domain::rejection::{Code, Rejection};
use accolade_wire::earning::windows::{self as wire, FixedWindowsBody};
use accolade_wire::render::{self, Context};
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::operation::{Operation, Success, example, get};
use crate::routes::call::Call;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        get("/badgeMeta/getFixedWindowDetails", get_fixed_windows)
            .named(
                "getFixedWindowDetails",
                "Badges",
                "List a badge's fixed windows",
            )
            .about(
                "\
In the order of the limits and then of time. A badge whose enrolments never expire has windows
without end: they are listed until `endDate`, or until the end of the badge.",
            )
            .needs(AccessGroup::BadgesRead)
            .required_query("badgeMetaId", "The id of the badge.")
            .query("constraintType", "BADGE, CUSTOMER or ALL (default).")
            .query(
                "customerId",
                "Whose earns count in windows of CUSTOMER: required to count them.",
            )
            .query("fixedWindowCycleReferenceId", "Of this configuration only.")
            .flag("includeEarnCount", "Whether to count earns. Default false.")
            .query("startDate", "That end later than this.")
            .query("endDate", "That start earlier than this.")
            .pages(10)
            .identifiers("`customerId` is an identifier")
            .answers::<Success<FixedWindowsBody>>("One page of windows.", example!("fixed-windows"))
            .codes(&[404, 812, 1026, 1028, 1994]),
    ]
}

async fn get_fixed_windows(call: Call) -> Result<HttpResponse, Failure> {
    let named_by = call.named_by();
    let mut call = call.open_lookup().await?;
    let named_by = named_by.unwrap_or_else(|problem| {
        call.query.refuse(problem);
        None
    });
    let asked = wire::read(&mut call.query, named_by);
    call.answer(move |ports, caller, context| {
        let mut warnings = context.warnings.to_vec();
        let field = Some("customerId");
        let customer = asked
            .customer()
            .map(|named| resolve_one(ports, caller, &mut warnings, named.clone(), field))
            .transpose()?;
        let context = Context {
            warnings: &warnings,
            ..context
        };
        let query = asked
            .query(customer)
            .ok_or_else(|| Rejection::new(Code::NotFound))?;
        let windows = fixed_windows(ports, caller, &query)?;
        let body = FixedWindowsBody::new(caller.org, query.badge, &windows, asked.page());
        render::enveloped(&body, context)
    })
    .await
}
