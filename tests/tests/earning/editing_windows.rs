//! Editing fixed windows: in place, replaced, or from the end of the running window on.

use accolade_tests::{Org, Server, badge_from, direct_badge, on_both_databases, with};
use serde_json::{Value, json};

/// Windows of so many days. Of the badges here the first of 20 000 days runs until
/// 2077-10-04, which is in the badge's life.
fn window(scope: &str, days: i64, max: i64) -> Value {
    let kind = if scope == "badgeConstraints" {
        "BADGE_FIXED_WINDOW"
    } else {
        "CUSTOMER_BADGE_FIXED_WINDOW"
    };
    json!({"constraintType": kind, "durationType": "DAYS", "refreshRate": days, "maxEarnLimit": max})
}

/// A configuration as an answer shows it: days, limit, status, start and end.
type Shown = (i64, i64, String, String, String);

fn shown(constraint: &Value) -> Shown {
    let text = |name: &str| constraint[name].as_str().unwrap_or_default().to_owned();
    (
        constraint["refreshRate"].as_i64().unwrap(),
        constraint["maxEarnLimit"].as_i64().unwrap(),
        text("cycleStatus"),
        text("startDateISO"),
        text("endDateISO"),
    )
}

fn expected(days: i64, max: i64, status: &str, start: &str, end: &str) -> Shown {
    (
        days,
        max,
        status.to_owned(),
        start.to_owned(),
        end.to_owned(),
    )
}

/// A badge whose constraints of one scope are edited.
struct Edited<'o> {
    org: &'o Org,
    id: String,
    scope: &'static str,
    definition: Value,
}

impl<'o> Edited<'o> {
    fn create(org: &'o Org, scope: &'static str, base: &Value, windows: &Value) -> Self {
        let definition = with(base, &json!({scope: windows}));
        let id = org.create(&definition);
        Self {
            org,
            id,
            scope,
            definition,
        }
    }

    /// The configurations after an edit.
    fn edit(&self, windows: &Value) -> Vec<Value> {
        let body = with(&self.definition, &json!({self.scope: windows}));
        let reply = self.org.update(&self.id, &body).ok();
        let constraints = reply.data()[self.scope].as_array().unwrap().clone();
        assert_eq!(self.now(), constraints);
        constraints
    }

    fn now(&self) -> Vec<Value> {
        let data = self.org.get(&format!("badgeMeta/{}", self.id)).ok().data();
        data[self.scope].as_array().unwrap().clone()
    }
}

const SCOPES: [&str; 2] = ["customerConstraints", "badgeConstraints"];
const START: &str = "2023-01-01T00:00:00Z";
const CHANGE: &str = "2077-10-04T00:00:00Z";
const END: &str = "2090-01-01T00:00:00Z";

fn another_limit_alone_takes_effect_in_place(server: &Server) {
    let org = server.org();
    for scope in SCOPES {
        let badge = Edited::create(
            &org,
            scope,
            &direct_badge(),
            &json!([window(scope, 20_000, 1)]),
        );
        let before = badge.now();
        org.earned(&badge.id, 1);
        let after = badge.edit(&json!([window(scope, 20_000, 2)]));
        assert_eq!(after.len(), 1);
        assert_eq!(after[0]["referenceId"], before[0]["referenceId"]);
        assert_eq!(shown(&after[0]), expected(20_000, 2, "ACTIVE", START, END));
        org.earned(&badge.id, 1);
        let code = if scope == "badgeConstraints" {
            818
        } else {
            817
        };
        let reply = org.earn_at(&badge.id, 1, "2024-01-01T00:00:00Z");
        assert_eq!(reply.codes(), [code]);
    }
}

fn another_cycle_of_an_upcoming_badge_replaces_the_first(server: &Server) {
    let org = server.org();
    let future = with(
        &badge_from("2080-01-01T00:00:00Z", END),
        &json!({"earnType": "EARN", "issuedBadgeExpiry": null}),
    );
    for scope in SCOPES {
        let fresh = with(&future, &json!({"name": scope}));
        let badge = Edited::create(&org, scope, &fresh, &json!([window(scope, 7, 1)]));
        let before = badge.now();
        let after = badge.edit(&json!([window(scope, 14, 3)]));
        assert_eq!(after.len(), 1);
        assert_ne!(after[0]["referenceId"], before[0]["referenceId"]);
        assert_eq!(
            shown(&after[0]),
            expected(14, 3, "UPCOMING", "2080-01-01T00:00:00Z", END)
        );
    }
}

fn another_cycle_of_a_live_badge_begins_when_the_running_window_has_ended(server: &Server) {
    let org = server.org();
    for scope in SCOPES {
        let badge = Edited::create(
            &org,
            scope,
            &direct_badge(),
            &json!([window(scope, 20_000, 1)]),
        );
        let first = badge.now();
        let after = badge.edit(&json!([window(scope, 30, 5)]));
        let of = |list: &[Value]| -> Vec<Shown> { list.iter().map(shown).collect() };
        assert_eq!(
            of(&after),
            [
                expected(20_000, 1, "ACTIVE", START, CHANGE),
                expected(30, 5, "UPCOMING", CHANGE, END),
            ]
        );
        assert_eq!(after[0]["referenceId"], first[0]["referenceId"]);
        assert_eq!(after[0]["currentCycle"]["startDateISO"], START);
        assert_eq!(after[0]["currentCycle"]["endDateISO"], CHANGE);
        assert_eq!(after[1].get("currentCycle"), None);

        // The running one still governs.
        org.earned(&badge.id, 1);
        let code = if scope == "badgeConstraints" {
            818
        } else {
            817
        };
        let reply = org.earn_at(&badge.id, 1, "2024-01-01T00:00:00Z");
        assert_eq!(reply.codes(), [code]);
        assert!(
            reply
                .message()
                .contains(&format!("from {START} to {CHANGE}.")),
            "{reply}"
        );

        // A further edit replaces the upcoming one.
        let again = badge.edit(&json!([window(scope, 60, 6)]));
        assert_eq!(
            of(&again),
            [
                expected(20_000, 1, "ACTIVE", START, CHANGE),
                expected(60, 6, "UPCOMING", CHANGE, END),
            ]
        );
        assert_ne!(again[1]["referenceId"], after[1]["referenceId"]);

        // Both, as they were given, stay what they are.
        let echoed = badge.edit(&Value::Array(again.clone()));
        assert_eq!(echoed, again);

        // Back to the first: it goes on, and nothing follows.
        let back = badge.edit(&json!([window(scope, 20_000, 1)]));
        assert_eq!(of(&back), [expected(20_000, 1, "ACTIVE", START, END)]);
        assert_eq!(back[0]["referenceId"], first[0]["referenceId"]);
    }
}

fn the_list_of_windows_follows_the_edit(server: &Server) {
    let org = server.org();
    let scope = "badgeConstraints";
    let badge = Edited::create(
        &org,
        scope,
        &direct_badge(),
        &json!([window(scope, 20_000, 1)]),
    );
    let after = badge.edit(&json!([window(scope, 4_000, 5)]));
    let list = org
        .get(&format!(
            "badgeMeta/getFixedWindowDetails?badgeMetaId={}",
            badge.id
        ))
        .ok()
        .data();
    let found: Vec<_> = list["fixedWindowCycles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|window| {
            (
                window["fixedWindowCycleReferenceId"].clone(),
                window["startDateISO"].clone(),
                window["endDateISO"].clone(),
            )
        })
        .collect();
    let reference = |index: usize| after[index]["referenceId"].clone();
    assert_eq!(
        found,
        [
            (reference(0), json!(START), json!(CHANGE)),
            (reference(1), json!(CHANGE), json!("2088-09-16T00:00:00Z")),
            (reference(1), json!("2088-09-16T00:00:00Z"), json!(END)),
        ]
    );
}

on_both_databases! {
    another_limit_alone_takes_effect_in_place
    another_cycle_of_an_upcoming_badge_replaces_the_first
    another_cycle_of_a_live_badge_begins_when_the_running_window_has_ended
    the_list_of_windows_follows_the_edit
}
