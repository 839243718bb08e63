//! Bodies to create badges and to enrol customers with.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::org::Org;

/// The claim that the badges of most tests have.
pub const LOYALTY: (&str, &str) = ("Loyalty", "123694");

/// A badge that customers are enrolled for, live since 2023 and far beyond these tests, for
/// which an enrolment holds until 2031-01-15T09:32:37Z.
pub fn badge() -> Value {
    badge_from("2023-01-01T00:00:00Z", "2090-01-01T00:00:00Z")
}

/// The same with other dates.
pub fn badge_from(start: &str, end: &str) -> Value {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    json!({
        "name": format!("Badge {}", COUNT.fetch_add(1, Ordering::Relaxed)),
        "startOn": start,
        "expiresOn": end,
        "earnType": "ISSUE_EARN",
        "issuedBadgeExpiry": {
            "expiryType": "ABSOLUTE", "type": "FIXED_DATE", "expiresOn": 1_926_235_957,
        },
        "earnedBadgeExpiry": {"expiryType": "NEVER"},
        "ownership": {"restrictedToOwners": ["Loyalty"]},
    })
}

/// A badge that customers earn directly.
pub fn direct_badge() -> Value {
    with(
        &badge(),
        &json!({"earnType": "EARN", "issuedBadgeExpiry": null}),
    )
}

/// `body` with the fields of `changes` in place of its own; null removes one.
pub fn with(body: &Value, changes: &Value) -> Value {
    let mut body = body.clone();
    let fields = body.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            fields.remove(name);
        } else {
            fields.insert(name.clone(), value.clone());
        }
    }
    body
}

/// A request to enrol one customer, 1, for a badge with the usual claim.
pub fn enrolment(badge: &str) -> Value {
    let (owner, reference) = LOYALTY;
    json!({
        "badgeMetaId": badge,
        "customers": [1],
        "triggeredBy": {"ownerType": owner, "referenceId": reference},
    })
}

impl Org {
    /// Creates a badge, dates of the past allowed, and gives its id.
    #[track_caller]
    pub fn create(&self, body: &Value) -> String {
        let reply = self.creating(body).send().ok();
        reply.data()["id"].as_str().unwrap().to_owned()
    }

    /// Claims a badge.
    #[track_caller]
    pub fn claim(&self, badge: &str, (owner, reference): (&str, &str)) {
        let body = json!({"ownerType": owner, "referenceId": reference});
        self.post(&format!("badgeMeta/{badge}/claim"), &body).ok();
    }

    /// Creates a badge with the usual claim.
    #[track_caller]
    pub fn claimed(&self, body: &Value) -> String {
        let id = self.create(body);
        self.claim(&id, LOYALTY);
        id
    }

    /// The badge of most tests: see [`badge`].
    #[track_caller]
    pub fn badge(&self) -> String {
        self.claimed(&badge())
    }

    /// How many customers are enrolled for a badge.
    #[track_caller]
    pub fn issued_count(&self, badge: &str) -> i64 {
        let reply = self.get(&format!("badgeMeta/{badge}")).ok();
        reply.data()["issuedCount"].as_i64().unwrap()
    }
}

impl crate::Client {
    /// A request to create a badge, dates of the past allowed, not sent yet.
    pub fn creating(&self, body: &Value) -> crate::Request<'_> {
        self.request("POST", "badgeMeta")
            .header("X-CAP-BADGES-MIGRATION", "migration")
            .json(body)
    }
}
