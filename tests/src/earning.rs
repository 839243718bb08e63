//! Bodies to earn badges with, and badges that are limited.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::badge::{direct_badge, with};
use crate::client::{Client, Request};
use crate::reply::Reply;

/// A request id that no other request has.
pub fn new_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    format!("earn {}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A request of one customer to earn a badge now, done by hand, with an id of its own.
pub fn earning(badge: &str, customer: i64) -> Value {
    json!({"badgeMetaId": badge, "customerId": customer, "requestId": new_id()})
}

/// The same for several customers.
pub fn earning_all(badge: &str, customers: &[i64]) -> Value {
    json!({"badgeMetaId": badge, "customerIds": customers, "requestId": new_id()})
}

/// An element of an import: earned in 2023, kept until 2080.
pub fn imported(badge: &str, customer: i64) -> Value {
    json!({
        "badgeMetaId": badge,
        "customerId": customer,
        "earnEventDate": "2023-06-15T12:00:00Z",
        "earnExpiresOn": "2080-01-01T00:00:00Z",
    })
}

/// A badge that customers earn directly under these constraints, each customer and all.
pub fn limited(customer: &Value, badge: &Value) -> Value {
    with(
        &direct_badge(),
        &json!({"customerConstraints": customer, "badgeConstraints": badge}),
    )
}

/// A limit of `max` earns in all by each customer.
pub fn customer_value(max: i64) -> Value {
    json!({"constraintType": "CUSTOMER_BADGE_FIXED_VALUE", "maxEarnLimit": max})
}

/// A limit of `max` earns in all.
pub fn badge_value(max: i64) -> Value {
    json!({"constraintType": "BADGE_FIXED_VALUE", "maxEarnLimit": max})
}

impl Client {
    /// A request with a body, not sent yet.
    pub fn sending(&self, method: &str, path: &str, body: &Value) -> Request<'_> {
        self.request(method, path).json(body)
    }

    /// A PUT of JSON with its credentials.
    pub fn put_json(&self, path: &str, body: &Value) -> Reply {
        self.sending("PUT", path, body).send()
    }

    /// A DELETE with its credentials.
    pub fn delete(&self, path: &str) -> Reply {
        self.request("DELETE", path).send()
    }

    /// Asks that one customer earns.
    pub fn earn(&self, body: &Value) -> Reply {
        self.post("customer/earn", body)
    }

    /// Asks that customers earn.
    pub fn earn_bulk(&self, body: &Value) -> Reply {
        self.post("customer/earnBulk", body)
    }

    /// Lets a customer earn now, which must succeed, and gives the id of the earned badge.
    #[track_caller]
    pub fn earned(&self, badge: &str, customer: i64) -> String {
        self.earn(&earning(badge, customer)).ok().earned_id()
    }

    /// Asks that a customer earns for what happened at `event`.
    pub fn earn_at(&self, badge: &str, customer: i64, event: &str) -> Reply {
        self.earn(&with(
            &earning(badge, customer),
            &json!({"earnEventDate": event}),
        ))
    }

    /// Asks to revoke an earned badge.
    pub fn revoke_earn(&self, badge: &str, customer: i64, earned: &str) -> Reply {
        let body = json!({"badgeMetaId": badge, "customerId": customer, "earnedBadgeId": earned});
        self.post("customer/revokeEarn", &body)
    }

    /// Asks to revoke enrolments.
    pub fn revoke_issue(&self, body: &Value) -> Reply {
        self.post("badgeMeta/customer/revokeIssue", body)
    }

    /// Asks to import earned badges.
    pub fn import(&self, elements: &[Value]) -> Reply {
        self.post("import/customerBadges", &json!(elements))
    }

    /// Asks to replace a badge's definition.
    pub fn update(&self, badge: &str, body: &Value) -> Reply {
        self.updating(badge, body).send()
    }

    /// The same, not sent yet.
    pub fn updating(&self, badge: &str, body: &Value) -> Request<'_> {
        self.sending("PUT", &format!("badgeMeta/{badge}"), body)
    }

    /// How many earns of a badge there are.
    #[track_caller]
    pub fn earned_count(&self, badge: &str) -> i64 {
        let reply = self.get(&format!("badgeMeta/{badge}")).ok();
        reply.data()["earnedCount"].as_i64().unwrap()
    }

    /// Everything between a customer and a badge.
    #[track_caller]
    pub fn between(&self, customer: i64, badge: &str) -> Value {
        self.get(&format!(
            "management/{customer}/badge/{badge}?includeStatistics=true"
        ))
        .ok()
        .data()
    }

    /// The entity tag of a badge.
    #[track_caller]
    pub fn tag(&self, badge: &str) -> String {
        let reply = self.get(&format!("badgeMeta/{badge}")).ok();
        reply.header("etag").unwrap().to_owned()
    }

    /// Enters a customer in the directory.
    #[track_caller]
    pub fn register(&self, customer: i64, identifiers: &Value) {
        self.put_json(&format!("customers/{customer}"), identifiers)
            .ok();
    }
}

impl Reply {
    /// The id of the earned badge of a request for one customer.
    #[track_caller]
    pub fn earned_id(&self) -> String {
        let data = self.data();
        let id = data["earnedBadgeId"]
            .as_str()
            .unwrap_or_else(|| panic!("{self}"));
        assert_eq!(id.len(), 24, "{self}");
        id.to_owned()
    }

    /// The codes of the elements of a batch, 0 for those that went well.
    #[track_caller]
    pub fn element_codes(&self) -> Vec<u64> {
        let data = self.data();
        let list = ["issuedBadges", "revokedIssuedBadges"]
            .iter()
            .find_map(|name| data[*name].as_array())
            .unwrap_or_else(|| panic!("{self}"));
        list.iter()
            .map(|element| element["error"]["code"].as_u64().unwrap_or(0))
            .collect()
    }

    /// The envelopes of an import, each as codes and paths of its errors.
    #[track_caller]
    pub fn imports(&self) -> Vec<Vec<(u64, String)>> {
        let json = self.json();
        let list = json.as_array().unwrap_or_else(|| panic!("{self}"));
        list.iter()
            .map(|envelope| {
                let errors = envelope["errors"].as_array().into_iter().flatten();
                errors
                    .map(|error| {
                        let path = error["reference"].as_str().unwrap_or_default();
                        (error["code"].as_u64().unwrap(), path.to_owned())
                    })
                    .collect()
            })
            .collect()
    }

    /// The message of its only error.
    #[track_caller]
    pub fn message(&self) -> String {
        let json = self.json();
        match json["errors"].as_array().map(Vec::as_slice) {
            Some([error]) => error["message"].as_str().unwrap().to_owned(),
            _ => panic!("{self}"),
        }
    }
}
