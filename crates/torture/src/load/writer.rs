//! One of those who write: what it asks for next, and what it makes of the answer.

use accolade_tests::{Reply, badge, customers_file, enrolling_query, imported, with};
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::load::books::{BadgeState, Books, Kind, Row, Settled};
use crate::load::call::{Body, Call, Wish};
use crate::load::delivery::Delivered;
use crate::load::shared::Shared;

/// Of how many customers a request is at most.
const BATCH: i64 = 40;

/// A kind of call, unless there is nothing that it could be about.
type Next = fn(&mut Writer<'_>) -> Option<Call>;

/// A row that the writer has and may revoke.
#[derive(Debug, Clone)]
struct Held {
    id: String,
    customer: i64,
    badge: String,
}

/// A writer. Its customers are nobody else's, and so are its badges but for the shared ones.
pub(crate) struct Writer<'s> {
    number: i64,
    shared: &'s Shared,
    chance: Chance,
    calls: i64,
    customers: i64,
    enrolled: Vec<Held>,
    earned: Vec<Held>,
    own_badge: Option<String>,
    pub(crate) books: Books,
}

impl<'s> Writer<'s> {
    pub(crate) fn new(number: i64, shared: &'s Shared, chance: Chance) -> Self {
        Self {
            number,
            shared,
            chance,
            calls: 0,
            customers: 0,
            enrolled: Vec::new(),
            earned: Vec::new(),
            own_badge: None,
            books: Books::default(),
        }
    }

    fn new_customers(&mut self, count: i64) -> Vec<i64> {
        let first = self.number * 1_000_000 + self.customers + 1;
        self.customers += count;
        (first..first + count).collect()
    }

    /// The next call.
    #[allow(
        clippy::redundant_closure_for_method_calls,
        reason = "as a path a method has one lifetime, not any"
    )]
    pub(crate) fn next(&mut self) -> Call {
        const WISHES: &[(u32, Next)] = &[
            (10, |it| Some(it.enrol())),
            (8, |it| it.earn_enrolled()),
            (8, |it| Some(it.earn_direct())),
            (6, |it| Some(it.earn_all())),
            (4, |it| it.revoke_earn()),
            (3, |it| it.revoke_enrolments()),
            (2, |it| Some(it.import())),
            (2, |it| Some(it.register())),
            (1, |it| it.merge()),
            (1, |it| it.erase()),
            (1, |it| Some(it.create_badge())),
            (2, |it| it.update_badge()),
            (1, |it| it.switch_badge()),
            (2, |it| it.claim()),
            (1, |it| Some(it.group())),
            (1, |it| Some(it.create_field())),
            (1, |it| Some(it.webhook())),
            (1, |it| Some(it.job())),
        ];
        self.calls += 1;
        let all: Vec<_> = WISHES
            .iter()
            .flat_map(|(weight, wish)| (0..*weight).map(move |_| wish))
            .collect();
        loop {
            let wish = *self.chance.pick(&all);
            if let Some(call) = wish(self) {
                return call;
            }
        }
    }

    fn name(&self) -> String {
        format!("{}-{}", self.number, self.calls)
    }

    fn call(&self, wish: Wish, method: &'static str, path: impl Into<String>) -> Call {
        Call {
            wish,
            method,
            path: path.into(),
            body: Body::Nothing,
            key: format!("key {}", self.name()),
            id: None,
            customers: Vec::new(),
            refusals: &[],
        }
    }

    /// A call that the ledger has under an id.
    fn recorded(&self, wish: Wish, path: &str, customers: &[i64], body: &Value) -> Call {
        let id = self.name();
        Call {
            body: Body::Json(with(body, &json!({"requestId": id}))),
            id: Some(id),
            customers: customers.to_vec(),
            ..self.call(wish, "POST", path)
        }
    }

    fn enrol(&mut self) -> Call {
        let count = *self.chance.pick(&[1, 1, 2, 5, BATCH, 400]);
        let mut customers = self.new_customers(count);
        // Some are there already.
        for _ in 0..self.chance.count(0..=1) {
            if !self.enrolled.is_empty() {
                let known = self.chance.pick(&self.enrolled).customer;
                if !customers.contains(&known) {
                    customers.push(known);
                }
            }
        }
        let badge = self.shared.enrolling.clone();
        let body = with(
            &accolade_tests::enrolment(&badge),
            &json!({"customers": customers}),
        );
        let path = "badgeMeta/customer/issueBulk";
        self.recorded(Wish::Enrol { badge }, path, &customers, &body)
    }

    fn earn_enrolled(&mut self) -> Option<Call> {
        if self.enrolled.is_empty() {
            return None;
        }
        let held = self.chance.pick(&self.enrolled).clone();
        Some(self.earn(held.badge, held.customer))
    }

    fn earn_direct(&mut self) -> Call {
        let badge = self.chance.pick(&self.shared.direct).clone();
        let customer = if self.earned.is_empty() || self.chance.once_in(2) {
            self.new_customers(1)[0]
        } else {
            self.chance.pick(&self.earned).customer
        };
        self.earn(badge, customer)
    }

    fn earn(&self, badge: String, customer: i64) -> Call {
        let body = json!({"badgeMetaId": badge, "customerId": customer});
        let wish = Wish::Earn { badge, customer };
        Call {
            refusals: &[817, 818],
            ..self.recorded(wish, "customer/earn", &[customer], &body)
        }
    }

    fn earn_all(&mut self) -> Call {
        let badge = self.chance.pick(&self.shared.direct).clone();
        let count = self.chance.number(1..=BATCH);
        let customers = self.new_customers(count);
        let body = json!({"badgeMetaId": badge, "customerIds": customers});
        let wish = Wish::EarnAll { badge };
        self.recorded(wish, "customer/earnBulk", &customers, &body)
    }

    fn import(&mut self) -> Call {
        let badge = self.shared.free_badge().to_owned();
        let customers = self.new_customers(3);
        let elements = customers.iter().map(|it| imported(&badge, *it));
        Call {
            body: Body::Json(elements.collect()),
            customers: customers.clone(),
            ..self.call(Wish::Import { badge }, "POST", "import/customerBadges")
        }
    }

    fn revoke_earn(&mut self) -> Option<Call> {
        let held = self.chance.take(&mut self.earned)?;
        let body = json!({
            "badgeMetaId": held.badge, "customerId": held.customer, "earnedBadgeId": held.id,
            "reason": "torture",
        });
        let customers = [held.customer];
        let wish = Wish::RevokeEarn { id: held.id };
        Some(self.recorded(wish, "customer/revokeEarn", &customers, &body))
    }

    fn revoke_enrolments(&mut self) -> Option<Call> {
        let count = self.chance.count(1..=5);
        let taken: Vec<_> = (0..count)
            .filter_map(|_| self.chance.take(&mut self.enrolled))
            .collect();
        let badge = &taken.first()?.badge;
        let named = taken
            .iter()
            .map(|it| json!({"customerId": it.customer, "issueId": it.id}));
        let body = json!({"badgeMetaId": badge, "revokeIssuals": named.collect::<Vec<_>>()});
        let customers: Vec<_> = taken.iter().map(|it| it.customer).collect();
        let path = "badgeMeta/customer/revokeIssue";
        Some(self.recorded(Wish::RevokeEnrolments, path, &customers, &body))
    }

    fn register(&mut self) -> Call {
        let customer = self.new_customers(1)[0];
        let email = format!("customer-{customer}@example.org");
        Call {
            body: Body::Json(json!({"email": email})),
            customers: vec![customer],
            ..self.call(
                Wish::Register { customer, email },
                "PUT",
                format!("customers/{customer}"),
            )
        }
    }

    fn merge(&mut self) -> Option<Call> {
        if self.earned.is_empty() {
            return None;
        }
        let from = self.chance.pick(&self.earned).customer;
        if self.books.merged.contains(&from) {
            return None;
        }
        let to = self.new_customers(1)[0];
        Some(Call {
            body: Body::Json(json!({"fromCustomerId": from, "toCustomerId": to})),
            customers: vec![from, to],
            ..self.call(Wish::Merge { from, to }, "POST", "customers/merge")
        })
    }

    fn erase(&mut self) -> Option<Call> {
        if self.earned.is_empty() {
            return None;
        }
        let customer = self.chance.pick(&self.earned).customer;
        Some(Call {
            customers: vec![customer],
            ..self.call(
                Wish::Erase { customer },
                "DELETE",
                format!("customers/{customer}"),
            )
        })
    }

    fn create_badge(&mut self) -> Call {
        let body = with(
            &badge(),
            &json!({
                "name": format!("of {}", self.name()),
                "startOn": "2060-01-01T00:00:00Z",
                "issuedBadgeExpiry": {"expiryType": "NEVER"},
            }),
        );
        Call {
            body: Body::Json(body),
            ..self.call(Wish::CreateBadge, "POST", "badgeMeta")
        }
    }

    fn update_badge(&mut self) -> Option<Call> {
        let id = self.own_badge.clone()?;
        let description = self.name();
        let body = with(
            &badge(),
            &json!({
                "name": format!("own {id}"),
                "description": description,
                "startOn": "2060-01-01T00:00:00Z",
                "issuedBadgeExpiry": {"expiryType": "NEVER"},
            }),
        );
        Some(Call {
            body: Body::Json(body),
            ..self.call(
                Wish::UpdateBadge { description },
                "PUT",
                format!("badgeMeta/{id}"),
            )
        })
    }

    fn switch_badge(&mut self) -> Option<Call> {
        let id = self.own_badge.clone()?;
        let active = self.books.badges[&id].is_off;
        let verb = if active { "activate" } else { "deactivate" };
        let wish = Wish::Switch { active };
        Some(self.call(wish, "PUT", format!("badgeMeta/{id}/{verb}")))
    }

    fn claim(&mut self) -> Option<Call> {
        let id = self.own_badge.clone()?;
        let state = &self.books.badges[&id];
        if state.is_off {
            return None;
        }
        let reference = self.chance.number(1..=5);
        let active = !state.claims.contains(&reference);
        let verb = if active { "claim" } else { "unclaim" };
        let body = json!({"ownerType": "Loyalty", "referenceId": reference});
        Some(Call {
            body: Body::Json(body),
            ..self.call(
                Wish::Claim { reference, active },
                "POST",
                format!("badgeMeta/{id}/{verb}"),
            )
        })
    }

    fn group(&mut self) -> Call {
        let rank = self.calls;
        let known = self.books.groups.keys().min().cloned();
        if let Some(id) = known.filter(|_| self.chance.once_in(2)) {
            return Call {
                body: Body::Json(json!({"rank": rank})),
                ..self.call(
                    Wish::RankGroup {
                        id: id.clone(),
                        rank,
                    },
                    "PUT",
                    format!("group/{id}"),
                )
            };
        }
        Call {
            body: Body::Json(json!({"name": self.name(), "rank": rank})),
            ..self.call(Wish::CreateGroup, "POST", "group")
        }
    }

    fn create_field(&mut self) -> Call {
        let body = json!({"name": format!("field {}", self.name()), "dataType": "STRING"});
        Call {
            body: Body::Json(body),
            ..self.call(Wish::CreateField, "POST", "customField")
        }
    }

    fn webhook(&mut self) -> Call {
        let description = self.name();
        // There are few of them: whatever they are sent costs the others.
        if let Some(id) = self.books.webhooks.keys().min().cloned() {
            return Call {
                body: Body::Json(json!({"description": description})),
                ..self.call(
                    Wish::UpdateWebhook {
                        id: id.clone(),
                        description,
                    },
                    "PUT",
                    format!("webhooks/{id}"),
                )
            };
        }
        let body = json!({
            "url": self.shared.receiver.url(), "types": ["customer.erased"],
            "description": description,
        });
        Call {
            body: Body::Json(body),
            ..self.call(Wish::CreateWebhook, "POST", "webhooks")
        }
    }

    fn job(&mut self) -> Call {
        let count = self.chance.number(1..=300);
        let customers = self.new_customers(count);
        let id = format!("job-{}", self.name());
        let query = format!("&jobId={id}&start=true");
        let wish = Wish::Job {
            id,
            rows: customers.len(),
        };
        let path = enrolling_query(&self.shared.enrolling, &query);
        Call {
            body: Body::File(customers_file(customers.iter().copied())),
            ..self.call(wish, "POST", path)
        }
    }

    /// Notes what was answered.
    pub(crate) fn settle(&mut self, call: Call, delivered: &Delivered) {
        let reply = &delivered.reply;
        if delivered.had_fault
            && let Some(before) = self.books.settled.last_mut()
        {
            before.is_near_fault = true;
        }
        if !reply.is_success() {
            return;
        }
        self.enter(&call, reply);
        self.books.settled.push(Settled {
            answer: reply.text().to_owned(),
            call,
            is_near_fault: delivered.had_fault,
        });
    }

    fn enter(&mut self, call: &Call, reply: &Reply) {
        match &call.wish {
            Wish::Enrol { badge } => self.enter_enrolments(call, badge, reply),
            Wish::Earn { badge, customer } => {
                self.enter_earn(call, badge, *customer, &reply.earned_id());
            }
            Wish::EarnAll { badge } => {
                for element in elements(&reply.data(), "issuedBadges") {
                    let customer = element["customerId"].as_i64().unwrap();
                    match element["error"]["code"].as_u64() {
                        None => self.enter_earn(call, badge, customer, text(&element["issuedId"])),
                        Some(code) => assert!(call_may_meet(code), "{reply}"),
                    }
                }
            }
            Wish::Import { badge } => {
                for envelope in reply.json().as_array().unwrap() {
                    let data = &envelope["data"];
                    let customer = data["customerId"].as_i64().unwrap();
                    let request = text(&data["requestId"]).rsplit_once('_').unwrap().0;
                    let row = Row {
                        customer,
                        badge: badge.clone(),
                        request: Some(request.to_owned()),
                    };
                    let id = text(&data["earnedBadgeId"]);
                    self.books.enter(Kind::Earn, id, row);
                    self.books.imported.insert(id.to_owned());
                }
                let first = reply.json()[0]["data"]["requestId"].clone();
                let request = text(&first).rsplit_once('_').unwrap().0;
                self.books.audit("IMPORT", request, "CREATE");
            }
            Wish::RevokeEarn { id } => self.books.revoke(Kind::Earn, id),
            Wish::RevokeEnrolments => {
                for element in elements(&reply.data(), "revokedIssuedBadges") {
                    assert!(element["error"].is_null(), "{reply}");
                    self.books
                        .revoke(Kind::Enrolment, text(&element["issuedId"]));
                }
            }
            Wish::Register { customer, email } => {
                self.books
                    .audit("CUSTOMER", &customer.to_string(), "UPDATE");
                self.books.emails.insert(*customer, email.clone());
            }
            Wish::Merge { from, to } => {
                self.books.merge(*from, *to);
                for held in self.enrolled.iter_mut().chain(&mut self.earned) {
                    if held.customer == *from {
                        held.customer = *to;
                    }
                }
            }
            Wish::Erase { customer } => {
                self.books.erase(*customer);
                self.enrolled.retain(|held| held.customer != *customer);
                self.earned.retain(|held| held.customer != *customer);
            }
            Wish::Job { id, rows } => {
                let badge = self.shared.enrolling.clone();
                self.books.tell("job.finished", format!("jobs/{id}"));
                self.books.jobs.push((id.clone(), badge, *rows));
            }
            Wish::CreateBadge
            | Wish::UpdateBadge { .. }
            | Wish::Switch { .. }
            | Wish::Claim { .. } => self.enter_own_badge(call, reply),
            Wish::CreateGroup
            | Wish::RankGroup { .. }
            | Wish::CreateField
            | Wish::CreateWebhook
            | Wish::UpdateWebhook { .. } => self.enter_other(call, reply),
        }
    }

    fn enter_own_badge(&mut self, call: &Call, reply: &Reply) {
        let own = self.own_badge.clone().unwrap_or_default();
        match &call.wish {
            Wish::CreateBadge => self.enter_badge(text(&reply.data()["id"])),
            Wish::UpdateBadge { description } => {
                self.books.tell("badge.updated", format!("badges/{own}"));
                self.books.audit("BADGE", &own, "UPDATE");
                self.own_state().description = Some(description.clone());
            }
            Wish::Switch { active } => {
                let (event, action) = if *active {
                    ("badge.activated", "ACTIVATE")
                } else {
                    ("badge.deactivated", "DEACTIVATE")
                };
                self.books.tell(event, format!("badges/{own}"));
                self.books.audit("BADGE", &own, action);
                self.own_state().is_off = !active;
            }
            Wish::Claim { reference, active } => {
                let (event, action) = if *active {
                    ("badge.claimed", "CLAIM")
                } else {
                    ("badge.unclaimed", "UNCLAIM")
                };
                self.books.tell(event, format!("badges/{own}"));
                self.books.audit("BADGE", &own, action);
                let claims = &mut self.own_state().claims;
                if *active {
                    claims.insert(*reference);
                } else {
                    claims.remove(reference);
                }
            }
            _ => {}
        }
    }

    fn enter_other(&mut self, call: &Call, reply: &Reply) {
        match &call.wish {
            Wish::CreateGroup => {
                let id = text(&reply.data()["id"]).to_owned();
                self.books.audit("GROUP", &id, "CREATE");
                let rank = reply.data()["rank"].as_i64().unwrap();
                assert_eq!(self.books.groups.insert(id, rank), None);
            }
            Wish::RankGroup { id, rank } => {
                self.books.audit("GROUP", id, "UPDATE");
                self.books.groups.insert(id.clone(), *rank);
            }
            Wish::CreateField => {
                let id = text(&reply.data()["id"]).to_owned();
                self.books.audit("CUSTOM_FIELD", &id, "CREATE");
                assert!(self.books.fields.insert(id));
            }
            Wish::CreateWebhook => {
                let id = text(&reply.data()["id"]).to_owned();
                let description = text(&reply.data()["description"]).to_owned();
                self.books.audit("WEBHOOK", &id, "CREATE");
                assert_eq!(self.books.webhooks.insert(id, description), None);
            }
            Wish::UpdateWebhook { id, description } => {
                self.books.audit("WEBHOOK", id, "UPDATE");
                self.books.webhooks.insert(id.clone(), description.clone());
            }
            _ => {}
        }
    }

    fn enter_enrolments(&mut self, call: &Call, badge: &str, reply: &Reply) {
        for (customer, id, code, _) in reply.outcomes() {
            match code {
                None => {
                    let row = Row {
                        customer,
                        badge: badge.to_owned(),
                        request: call.id.clone(),
                    };
                    self.books.enter(Kind::Enrolment, &id, row);
                    self.enrolled.push(Held {
                        id,
                        customer,
                        badge: badge.to_owned(),
                    });
                }
                Some(1040) => {
                    let known = &self.books.enrolments[&id];
                    assert_eq!(known.customer, customer, "{reply}");
                    assert!(!self.books.revoked.contains(&id), "{reply}");
                }
                Some(_) => panic!("{reply}"),
            }
        }
    }

    fn enter_earn(&mut self, call: &Call, badge: &str, customer: i64, id: &str) {
        let row = Row {
            customer,
            badge: badge.to_owned(),
            request: call.id.clone(),
        };
        self.books.enter(Kind::Earn, id, row);
        self.earned.push(Held {
            id: id.to_owned(),
            customer,
            badge: badge.to_owned(),
        });
    }

    fn enter_badge(&mut self, id: &str) {
        self.books.audit("BADGE", id, "CREATE");
        self.books.tell("badge.created", format!("badges/{id}"));
        let before = self
            .books
            .badges
            .insert(id.to_owned(), BadgeState::default());
        assert_eq!(before, None, "{id} was created twice");
        self.own_badge = Some(id.to_owned());
    }

    fn own_state(&mut self) -> &mut BadgeState {
        let id = self.own_badge.as_ref().unwrap();
        self.books.badges.get_mut(id).unwrap()
    }
}

/// Whether an element of `earnBulk` may be refused with this code.
const fn call_may_meet(code: u64) -> bool {
    matches!(code, 817 | 818)
}

fn elements(data: &Value, list: &str) -> Vec<Value> {
    data[list].as_array().unwrap().clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
