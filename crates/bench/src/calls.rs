//! The requests that are sent, written without a tree of JSON.

use std::fmt::Write as _;
use std::ops::Range;

use bytes::{Bytes, BytesMut};

use crate::http::Call;

/// Shown once by each customer who is enrolled or earns in bulk, and by a single earn, whose
/// enrolment it names.
const ISSUED: &str = "\"issuedId\":\"";

/// Shown by a single earn.
const EARNED: &str = "\"earnedBadgeId\":\"";

/// Who has the claim of the badges.
pub(crate) const OWNER: &str = "Loyalty";

/// What they have it for.
pub(crate) const REFERENCE: &str = "123694";

/// Writes requests for one badge, in memory that is used again when a request has been sent.
#[derive(Debug)]
pub(crate) struct Writer {
    badge: String,
    run: u64,
    written: u64,
    memory: BytesMut,
}

impl Writer {
    /// A writer for `badge` whose request ids no other writer of the same org has, if none
    /// has this `run`.
    pub(crate) fn new(badge: &str, run: u64) -> Self {
        Self {
            badge: badge.to_owned(),
            run,
            written: 0,
            memory: BytesMut::new(),
        }
    }

    /// Enrols customers.
    pub(crate) fn enrol(&mut self, customers: Range<i64>) -> Call {
        let times = count(&customers);
        let body = self.body("customers", Customers::Many(customers));
        Call {
            body: Some(body),
            path: "badgeMeta/customer/issueBulk".to_owned(),
            shows: ISSUED,
            times,
        }
    }

    /// Lets customers earn.
    pub(crate) fn earn_bulk(&mut self, customers: Range<i64>) -> Call {
        let times = count(&customers);
        let body = self.body("customerIds", Customers::Many(customers));
        Call {
            body: Some(body),
            path: "customer/earnBulk".to_owned(),
            shows: ISSUED,
            times,
        }
    }

    /// Lets one customer earn.
    pub(crate) fn earn(&mut self, customer: i64) -> Call {
        let body = self.body("customerId", Customers::One(customer));
        Call {
            body: Some(body),
            path: "customer/earn".to_owned(),
            shows: EARNED,
            times: 1,
        }
    }

    fn body(&mut self, field: &str, customers: Customers) -> Bytes {
        self.written += 1;
        let Self {
            badge,
            run,
            written,
            memory,
        } = self;
        // Nothing that is written to memory fails.
        let _ = write!(memory, r#"{{"badgeMetaId":"{badge}","{field}":"#);
        match customers {
            Customers::One(customer) => {
                let _ = write!(memory, "{customer}");
            }
            Customers::Many(customers) => {
                let mut before = '[';
                for customer in customers {
                    let _ = write!(memory, "{before}{customer}");
                    before = ',';
                }
                memory.extend_from_slice(b"]");
            }
        }
        let _ = write!(
            memory,
            r#","requestId":"{run}-{written}","triggeredBy":{{"ownerType":"{OWNER}","referenceId":"{REFERENCE}"}}}}"#
        );
        memory.split().freeze()
    }
}

enum Customers {
    One(i64),
    Many(Range<i64>),
}

fn count(customers: &Range<i64>) -> usize {
    usize::try_from(customers.end - customers.start).unwrap_or_default()
}

/// Looks up what a customer has earned, which must be `badges` badges.
pub(crate) fn look_up(customer: i64, badges: usize) -> Call {
    Call {
        body: None,
        path: format!("customer/{customer}?badgeType=EARNED"),
        shows: "\"badgeMetaId\":\"",
        times: badges,
    }
}

/// The customer of the request with this number, if each request has a customer of its own
/// who is anywhere among all those that there can be.
pub(crate) fn scattered(number: u64) -> i64 {
    const BITS: u32 = 52;
    // An odd factor makes it a permutation.
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) & ((1 << BITS) - 1);
    // Beyond all who are counted up from one.
    (1_i64 << BITS) | mixed.cast_signed()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::{Value, json};

    use super::*;

    fn json(call: &Call) -> Value {
        serde_json::from_slice(call.body.as_ref().unwrap()).unwrap()
    }

    #[test]
    fn what_is_written_is_the_json_of_the_api() {
        let mut writer = Writer::new("66276dc68fe258516a88ff8e", 7);
        let owner = json!({"ownerType": "Loyalty", "referenceId": "123694"});
        let call = writer.enrol(5..8);
        assert_eq!(call.times, 3);
        let expected = json!({
            "badgeMetaId": "66276dc68fe258516a88ff8e",
            "customers": [5, 6, 7],
            "requestId": "7-1",
            "triggeredBy": owner,
        });
        assert_eq!(json(&call), expected);
        let expected = json!({
            "badgeMetaId": "66276dc68fe258516a88ff8e",
            "customerId": 9,
            "requestId": "7-2",
            "triggeredBy": owner,
        });
        assert_eq!(json(&writer.earn(9)), expected);
        assert_eq!(json(&writer.earn_bulk(1..2))["customerIds"], json!([1]));
    }

    #[test]
    fn scattered_customers_are_distinct_and_valid() {
        let customers: HashSet<_> = (0..10_000).map(scattered).collect();
        assert_eq!(customers.len(), 10_000);
        assert!(customers.iter().all(|it| (1 << 52..1 << 53).contains(it)));
    }
}
