//! Query strings, before the reader of every look-up; cursors are among the parameters.

use accolade_application::ports::IdentifierKind;
use accolade_domain::instant::Instant;
use accolade_wire::export::ExportKind;
use accolade_wire::query::Query;
use accolade_wire::{audit, badge, catalogue, customer, earning, event, export, job, webhook};

use crate::fuzz::{Verdict, agree};

pub(super) fn check(input: &[u8]) -> Verdict {
    let text = String::from_utf8_lossy(input);
    let org = 100_458.try_into().map_err(|_| "an org".to_owned())?;
    let now = Instant::from_unix_seconds(1_800_000_000).map_err(|error| error.to_string())?;
    let by = Some(IdentifierKind::Email);
    let each: &[&dyn Fn(&mut Query) -> String] = &[
        &|query| format!("{:?}", audit::query::read(query)),
        &|query| format!("{:?}", badge::query::read(query, now)),
        &|query| format!("{:?}", catalogue::custom_field::read_query(query)),
        &|query| {
            format!(
                "{:?}",
                customer::query::read(query, now)(customer_of_a_test())
            )
        },
        &|query| {
            format!(
                "{:?}",
                customer::query::read_management(query, now)(customer_of_a_test())
            )
        },
        &|query| {
            let _ = customer::query::read_details(query, now);
            String::new()
        },
        &|query| format!("{:?}", earning::windows::read(query, by)),
        &|query| format!("{:?}", event::query::read(query, org, by)),
        &|query| {
            format!(
                "{:?}",
                export::query::read(query, ExportKind::Enrolments, org, by)
            )
        },
        &|query| {
            format!(
                "{:?}",
                export::query::read(query, ExportKind::Customers, org, None)
            )
        },
        &|query| format!("{:?}", job::request::read_query(query)),
        &|query| format!("{:?}", webhook::attempt::read_query(query)),
    ];
    for read in each {
        let told = || {
            let mut query = Query::parse(&text);
            let asked = read(&mut query);
            let report = query.finish();
            (asked, report.problems.len(), report.warnings.len())
        };
        agree("a query", &told(), &told())?;
    }
    Ok(())
}

fn customer_of_a_test() -> accolade_domain::ids::CustomerId {
    1.try_into().unwrap()
}
