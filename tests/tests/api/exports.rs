//! Exports as whoever keeps a copy uses them: loaded while others write, broken off, followed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use accolade_tests::{
    Backend, Org, Reply, Server, direct_badge, earning, enrolment, imported, on_both_databases,
    with,
};
use serde_json::{Map, Value, json};

/// How many write at once, and how often each does all that it does.
const WRITERS: usize = 3;
const TURNS: i64 = 12;

/// A copy: what is known of each enrolment and each earned badge, by its id.
#[derive(Debug, Clone, Default, PartialEq)]
struct Copy(BTreeMap<String, Map<String, Value>>);

/// What a row of an export says and events say too; what is left out follows from it or from the time.
const OF_BOTH: [&str; 11] = [
    "issueId",
    "customerId",
    "badgeMetaId",
    "ownerType",
    "ownerReferenceId",
    "requestId",
    "createdBy",
    "revokedOnISO",
    "revokedBy",
    "revokeReason",
    "earnedBadgeId",
];
const OF_ENROLMENTS: [&str; 3] = ["issuedOnISO", "issueEventDateISO", "issueExpiresOnISO"];
const OF_EARNS: [&str; 3] = ["earnedOnISO", "earnEventDateISO", "earnExpiresOnISO"];

impl Copy {
    /// Loads everything that there is; gives where the feed goes on as well.
    fn load(org: &Org) -> (Self, String) {
        let mut copy = Self::default();
        let enrolments = org.get("exports/enrolments").ok();
        let earned = org.get("exports/earnedBadges").ok();
        for row in rows(&enrolments) {
            copy.add(&row, "issueId", OF_ENROLMENTS);
        }
        for row in rows(&earned) {
            copy.add(&row, "earnedBadgeId", OF_EARNS);
        }
        // The first counts.
        let as_of = enrolments.header("accolade-as-of").unwrap();
        (copy, as_of.to_owned())
    }

    fn add(&mut self, row: &Value, id: &str, instants: [&str; 3]) {
        let names = OF_BOTH.iter().chain(&instants);
        let fields = names.filter_map(|name| Some(((*name).to_owned(), row.get(name)?.clone())));
        let id = row[id].as_str().unwrap().to_owned();
        assert!(self.0.insert(id, fields.collect()).is_none(), "{row}");
    }

    /// Follows the feed from `after` to its end.
    fn follow(&mut self, org: &Org, mut after: String) {
        loop {
            let page = org
                .get(&format!("events?limit=1000&after={after}"))
                .ok()
                .data();
            for event in page["events"].as_array().unwrap() {
                self.apply(event);
            }
            after = page["next"].as_str().unwrap().into();
            if page["hasMore"] == json!(false) {
                return;
            }
        }
    }

    fn apply(&mut self, event: &Value) {
        let (data, on) = (&event["data"], &event["recordedtime"]);
        let kind = event["type"].as_str().unwrap();
        let kind = kind.strip_prefix("accolade.").unwrap();
        let id = data.get("earnedBadgeId").unwrap_or(&data["issuedId"]);
        let Some(id) = id.as_str().map(str::to_owned) else {
            return;
        };
        let owner = |name: &str| data["triggeredBy"].get(name).cloned().unwrap_or_default();
        let mut row = json!({
            "issueId": data["issuedId"], "customerId": data["customerId"],
            "badgeMetaId": data["badgeMetaId"], "ownerType": owner("ownerType"),
            "ownerReferenceId": owner("referenceId"), "requestId": data["requestId"],
            "createdBy": data["actor"], "revokedOnISO": null, "revokedBy": null,
            "revokeReason": null,
        });
        match kind {
            "enrolment.created" => {
                row["issuedOnISO"] = on.clone();
                row["issueEventDateISO"] = data["eventDate"].clone();
                row["issueExpiresOnISO"] = data["expiresOn"].clone();
            }
            "earn.created" | "earn.imported" => {
                row["earnedBadgeId"] = data["earnedBadgeId"].clone();
                row["earnedOnISO"] = on.clone();
                row["earnEventDateISO"] = data["eventDate"].clone();
                row["earnExpiresOnISO"] = data["expiresOn"].clone();
            }
            "enrolment.revoked" | "earn.revoked" => {
                let there = self.0.get_mut(&id).unwrap();
                there.insert("revokedOnISO".to_owned(), on.clone());
                there.insert("revokedBy".to_owned(), data["actor"].clone());
                there.insert("revokeReason".to_owned(), data["reason"].clone());
                return;
            }
            _ => return,
        }
        // Who has it already may know more.
        let row = row.as_object().unwrap().clone();
        self.0.entry(id).or_insert(row);
    }
}

fn rows(reply: &Reply) -> Vec<Value> {
    let lines = reply.text().lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Enrols, earns, imports and revokes, all over the keys.
fn write(org: &Org, writer: usize, badge: &str, direct: &str) {
    let own = i64::try_from(writer).unwrap();
    for turn in 0..TURNS {
        let first = 1 + own * 2_000_000 + turn * 1_000;
        let customers: Vec<_> = (first..first + 6).collect();
        let request = format!("w{writer}-{turn}");
        let body = json!({"requestId": request, "customers": customers});
        org.enrol(&with(&enrolment(badge), &body)).ok();
        let earned = org.earned(badge, first);
        org.post("customer/earn", &earning(direct, first + 1)).ok();
        org.post(
            "import/customerBadges",
            &json!([imported(direct, first + 9)]),
        );
        let body = json!({"badgeMetaId": badge, "customers": [first + 2], "reason": "in the copy"});
        org.revoke_issue(&body).ok();
        org.revoke_earn(badge, first, &earned).ok();
    }
}

fn a_copy_that_is_loaded_while_others_write_is_exact_after_the_events_behind_it(backend: Backend) {
    let server = Server::start(backend);
    let org = server.org();
    let badge = org.badge();
    let direct = org.create(&direct_badge());
    // Some before, some between and some behind those that are written meanwhile.
    let customers: Vec<_> = (1..=5_000).map(|number| number * 1_000 + 500).collect();
    let body = json!({"requestId": "first", "customers": customers});
    org.enrol(&with(&enrolment(&badge), &body)).ok();

    let running = AtomicUsize::new(WRITERS);
    let copies = std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (org, badge, direct, running) = (&org, &badge, &direct, &running);
            scope.spawn(move || {
                write(org, writer, badge, direct);
                running.fetch_sub(1, Ordering::SeqCst);
            });
        }
        let mut copies = Vec::new();
        while running.load(Ordering::SeqCst) > 0 {
            copies.push(Copy::load(&org));
        }
        copies
    });
    let (all, as_of) = Copy::load(&org);
    let written = WRITERS * usize::try_from(TURNS).unwrap();
    assert_eq!(all.0.len(), 5_000 + written * 9);
    assert!(!copies.is_empty());
    for (mut copy, as_of) in copies {
        copy.follow(&org, as_of);
        assert!(copy == all);
    }
    let mut again = all.clone();
    again.follow(&org, as_of);
    assert!(again == all);
}

fn an_export_that_breaks_off_behind_any_row_goes_on_as_if_it_had_not(server: &Server) {
    let org = server.org();
    let badges = [org.badge(), org.badge()];
    for (place, badge) in badges.iter().enumerate() {
        let customers: Vec<_> = (1..=12).map(|number| number * 3 + place).collect();
        let body = json!({"customers": customers});
        org.enrol(&with(&enrolment(badge), &body)).ok();
        org.revoke_issue(&json!({"badgeMetaId": badge, "customers": [customers[1]]}))
            .ok();
        org.earned(badge, i64::try_from(customers[2]).unwrap());
    }
    for (what, there_are) in [("enrolments", 24), ("earnedBadges", 2), ("badges", 2)] {
        for format in ["ndjson", "csv"] {
            let path = format!("exports/{what}?format={format}");
            let whole = org.get(&path).ok();
            let mut lines: Vec<_> = whole.text().lines().collect();
            let header = (format == "csv").then(|| lines.remove(0));
            assert_eq!(lines.len(), there_are);
            let cursors = rows(&org.get(&format!("exports/{what}")).ok());
            for (place, row) in cursors.iter().enumerate() {
                let cursor = row["cursor"].as_str().unwrap();
                assert!(lines[place].contains(cursor), "{}", lines[place]);
                let rest = org.get(&format!("{path}&after={cursor}")).ok();
                let mut rest: Vec<_> = rest.text().lines().collect();
                assert_eq!(header, (format == "csv").then(|| rest.remove(0)));
                assert_eq!(rest, lines[place + 1..], "behind {}", lines[place]);
            }
        }
    }
}

fn the_head_of_an_export_comes_without_its_rows(server: &Server) {
    let org = server.org();
    org.badge();
    let head = org.request("HEAD", "exports/badges").send();
    assert_eq!((head.status, head.text()), (200, ""));
    assert!(head.header("accolade-as-of").is_some());
    // The connection is good for another one.
    assert_eq!(rows(&org.get("exports/badges").ok()).len(), 1);
}

on_both_databases! {
    a_copy_that_is_loaded_while_others_write_is_exact_after_the_events_behind_it
    an_export_that_breaks_off_behind_any_row_goes_on_as_if_it_had_not
    the_head_of_an_export_comes_without_its_rows
}
