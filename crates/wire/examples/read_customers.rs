//! How long a body that names ten thousand customers takes to be read:
//!
//!     cargo run --release -p accolade-wire --example read_customers
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Instant;

use accolade_wire::customer::named::ParseContext;
use accolade_wire::enrolment::request::EnrolmentRequestBody;

const CUSTOMERS: usize = 10_000;
const ROUNDS: usize = 1_000;

fn main() -> Result<(), Box<dyn Error>> {
    let customers: Vec<_> = (62_090_013..).take(CUSTOMERS).collect();
    let body = serde_json::to_vec(&serde_json::json!({
        "badgeMetaId": "66276dc68fe258516a88ff8e",
        "customers": customers,
        "requestId": "21390",
        "issueEventDate": 1_713_860_055,
        "issueEventDateISO": "2024-04-23T13:44:15+05:30",
        "triggeredBy": {"ownerType": "Loyalty", "referenceId": "123694"},
    }))?;
    let context = ParseContext {
        max_customers: CUSTOMERS,
        request_id: None,
        named_by: None,
    };

    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let parsed = EnrolmentRequestBody::parse(&body, context).map_err(|it| format!("{it:?}"))?;
        times.push(begun.elapsed());
        assert_eq!(parsed.value.customers.len(), CUSTOMERS);
    }
    times.sort_unstable();
    println!(
        "{} bytes: median {:?}, least {:?}",
        body.len(),
        times[ROUNDS / 2],
        times[0]
    );
    Ok(())
}
