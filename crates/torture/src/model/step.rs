//! What clients of a history do: few customers, ids and keys, so that they meet.

use accolade_tests::{badge, badge_value, customer_value, direct_badge, with};
use serde_json::{Value, json};

use crate::chance::Chance;

/// The names that a history has, on the server or in the model.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    /// What all its request ids and keys begin with.
    pub(crate) prefix: String,
    /// The number before that of its first customer.
    pub(crate) customers: i64,
    /// Its badge.
    pub(crate) badge: String,
}

/// How many customers a history has.
const CUSTOMERS: i64 = 3;

/// One step of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Enrol {
        customers: Vec<i64>,
        id: i64,
        key: Option<i64>,
    },
    Earn {
        customer: i64,
        id: i64,
        key: Option<i64>,
    },
    EarnAll {
        customers: Vec<i64>,
        id: i64,
        key: Option<i64>,
    },
    RevokeEnrolments {
        customers: Vec<i64>,
    },
    /// The id is that of the server.
    RevokeEarn {
        customer: i64,
        earned: String,
    },
    Switch {
        active: bool,
    },
    Claim {
        active: bool,
    },
    /// Looks at the badge's counts.
    Count,
    /// Asks what became of a request.
    Ask {
        id: i64,
    },
}

/// A request of the API.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
    pub(crate) key: Option<String>,
}

/// The kinds of badges that histories are about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// Enrolled for, claimed, without limits.
    Enrolled,
    /// Enrolled for, claimed, with two places.
    EnrolledWithLimit,
    /// Earned directly, with three places and one for each customer.
    Limited,
}

impl Shape {
    pub(crate) const ALL: &[Self] = &[Self::Enrolled, Self::EnrolledWithLimit, Self::Limited];

    /// The body that creates such a badge.
    pub(crate) fn definition(self) -> Value {
        match self {
            Self::Enrolled => badge(),
            Self::EnrolledWithLimit => {
                with(&badge(), &json!({"badgeConstraints": [badge_value(2)]}))
            }
            Self::Limited => with(
                &direct_badge(),
                &json!({
                    "customerConstraints": [customer_value(1)],
                    "badgeConstraints": [
                        {"constraintType": "BADGE_ROLLING_WINDOW", "rollType": "DAYS", "rollValue": 30, "maxEarnLimit": 3},
                        badge_value(3),
                    ],
                }),
            ),
        }
    }

    /// A step of a client that knows these earned badges, each with its customer; whether customers earn
    /// together, too.
    pub(crate) fn step(
        self,
        chance: &mut Chance,
        earned: &[(i64, String)],
        has_batches: bool,
    ) -> Step {
        let id = chance.number(1..=5);
        let key = chance.once_in(4).then(|| chance.number(1..=2));
        let customer = chance.number(1..=CUSTOMERS);
        let mut customers: Vec<i64> = (1..=CUSTOMERS).collect();
        let left_out = chance.count(0..=2);
        for _ in 0..left_out {
            chance.take(&mut customers);
        }
        let is_direct = matches!(self, Self::Limited);
        match chance.number(0..=15) {
            0..=2 if !is_direct => Step::Enrol { customers, id, key },
            0..=5 => Step::Earn { customer, id, key },
            // Where one must be enrolled, whoever comes before an enrolment begins is refused, however late
            // that is recorded.
            6 | 7 if has_batches && is_direct => Step::EarnAll { customers, id, key },
            8 | 9 if !earned.is_empty() => {
                let (customer, earned) = chance.pick(earned).clone();
                Step::RevokeEarn { customer, earned }
            }
            8 | 9 if !is_direct => Step::RevokeEnrolments { customers },
            10 => Step::Switch {
                active: !chance.once_in(3),
            },
            11 if !is_direct => Step::Claim {
                active: !chance.once_in(3),
            },
            12 | 13 => Step::Ask { id },
            _ => Step::Count,
        }
    }
}

impl Step {
    /// The request under these names.
    pub(crate) fn sent(&self, names: &Names) -> Sent {
        let badge = &names.badge;
        let number = |customer: &i64| names.customers + customer;
        let all = |customers: &[i64]| customers.iter().map(number).collect::<Vec<_>>();
        let request = |id: &i64| format!("{}{id}", names.prefix);
        let post = |path: &str, body: Value, key: &Option<i64>| Sent {
            method: "POST",
            path: path.to_owned(),
            body: Some(body),
            key: key.map(|key| format!("{}key-{key}", names.prefix)),
        };
        let plain = |method, path: String| Sent {
            method,
            path,
            body: None,
            key: None,
        };
        match self {
            Self::Enrol { customers, id, key } => {
                let changes = json!({"customers": all(customers), "requestId": request(id)});
                let body = with(&accolade_tests::enrolment(badge), &changes);
                post("badgeMeta/customer/issueBulk", body, key)
            }
            Self::Earn { customer, id, key } => {
                let body = json!({
                    "badgeMetaId": badge, "customerId": number(customer), "requestId": request(id),
                });
                post("customer/earn", body, key)
            }
            Self::EarnAll { customers, id, key } => {
                let body = json!({
                    "badgeMetaId": badge, "customerIds": all(customers), "requestId": request(id),
                });
                post("customer/earnBulk", body, key)
            }
            Self::RevokeEnrolments { customers } => {
                let body = json!({"badgeMetaId": badge, "customers": all(customers)});
                post("badgeMeta/customer/revokeIssue", body, &None)
            }
            Self::RevokeEarn { customer, earned } => {
                let body = json!({
                    "badgeMetaId": badge, "customerId": number(customer), "earnedBadgeId": earned,
                });
                post("customer/revokeEarn", body, &None)
            }
            Self::Switch { active } => {
                let verb = if *active { "activate" } else { "deactivate" };
                plain("PUT", format!("badgeMeta/{badge}/{verb}"))
            }
            Self::Claim { active } => {
                let verb = if *active { "claim" } else { "unclaim" };
                let (owner, reference) = accolade_tests::LOYALTY;
                let body = json!({"ownerType": owner, "referenceId": reference});
                post(&format!("badgeMeta/{badge}/{verb}"), body, &None)
            }
            Self::Count => plain("GET", format!("badgeMeta/{badge}")),
            Self::Ask { id } => plain("GET", format!("requests/{}", request(id))),
        }
    }

    /// The key that it uses, if it uses one.
    pub(crate) const fn key(&self) -> Option<i64> {
        match self {
            Self::Enrol { key, .. } | Self::Earn { key, .. } | Self::EarnAll { key, .. } => *key,
            _ => None,
        }
    }
}
