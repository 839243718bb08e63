//! What writers share: badges for which they compete, and who is told of it.

use accolade_tests::{Org, Receiver, badge_value, customer_value, direct_badge, limited};
use serde_json::json;

/// How often the limited badge may be earned.
pub(crate) const LIMIT: i64 = 300;

/// Things of an org that all writers know.
#[derive(Debug)]
pub(crate) struct Shared {
    /// A badge that customers are enrolled for.
    pub(crate) enrolling: String,
    /// Badges that are earned directly: the first without limits, the second with [`LIMIT`], in all
    /// time, in a fixed window and in a rolling one, and two for each customer.
    pub(crate) direct: Vec<String>,
    /// Gets every `earn.created` and `customer.erased`.
    pub(crate) receiver: Receiver,
}

impl Shared {
    pub(crate) fn create(org: &Org) -> Self {
        let receiver = Receiver::start();
        let webhook = json!({"url": receiver.url(), "types": ["earn.created"], "batch": 50});
        org.post("webhooks", &webhook).ok();
        let limits = json!([
            badge_value(LIMIT),
            {"constraintType": "BADGE_FIXED_WINDOW", "durationType": "DAYS", "refreshRate": 20_000, "maxEarnLimit": LIMIT},
            {"constraintType": "BADGE_ROLLING_WINDOW", "rollType": "DAYS", "rollValue": 30, "maxEarnLimit": LIMIT},
        ]);
        Self {
            enrolling: org.badge(),
            direct: vec![
                org.create(&direct_badge()),
                org.create(&limited(&json!([customer_value(2)]), &limits)),
            ],
            receiver,
        }
    }

    /// The badge that is earned directly and has no limits.
    pub(crate) fn free_badge(&self) -> &str {
        &self.direct[0]
    }

    /// The badge that has limits.
    pub(crate) fn limited_badge(&self) -> &str {
        &self.direct[1]
    }
}
