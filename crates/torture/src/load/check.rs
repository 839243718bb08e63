//! Whether what is there in the end is what was answered: rows, counts, limits, feed, audit trail, ledger,
//! and answers that are remembered.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Debug;
use std::hash::Hash;
use std::time::{Duration, Instant};

use accolade_tests::Org;
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::figures::Figures;
use crate::load::books::{Books, Kind, Row, Settled};
use crate::load::shared::{LIMIT, Shared};

/// How long deliveries may take that a server left.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long an event may be without a position, where machines are busy. What is promised is a second.
const POSITIONS: Duration = Duration::from_secs(15);

/// How many calls are sent once more, besides those around faults.
const REPEATED: usize = 60;

/// Waits for the jobs, and enters what they recorded.
pub(crate) fn finish_jobs(org: &Org, books: &mut Books) {
    for (job, badge, rows) in std::mem::take(&mut books.jobs) {
        let ended = org.finished_job(&job);
        assert_eq!(ended["rows"]["succeeded"], json!(rows), "{ended}");
        assert_eq!(ended["rows"]["total"], json!(rows), "{ended}");
        let lines = org.get(&format!("jobs/{job}/results?only=all&format=ndjson"));
        let results = ndjson(lines.ok().text());
        assert_eq!(results.len(), rows, "{job}");
        for result in results {
            assert_eq!(result["status"], "SUCCEEDED", "{job}: {result}");
            let customer = result["row"]["customerId"].as_str().unwrap();
            let row = Row {
                customer: customer.parse().unwrap(),
                badge: badge.clone(),
                request: None,
            };
            books.enter(Kind::Enrolment, result["id"].as_str().unwrap(), row);
        }
    }
}

/// The rows are those that were answered, each once, and each as it was answered.
pub(crate) fn rows(org: &Org, books: &Books) {
    let kinds = [
        ("exports/enrolments", "issueId", &books.enrolments),
        ("exports/earnedBadges", "earnedBadgeId", &books.earns),
    ];
    for (path, id_field, expected) in kinds {
        let mut seen = HashSet::new();
        for found in ndjson(org.get(path).ok().text()) {
            let id = found[id_field].as_str().unwrap();
            assert!(seen.insert(id.to_owned()), "{path}: {id} is there twice");
            let Some(row) = expected.get(id) else {
                panic!("{path}: nobody was answered {found}");
            };
            assert_eq!(found["customerId"], row.customer, "{found}");
            assert_eq!(found["badgeMetaId"], row.badge, "{found}");
            if let Some(request) = &row.request {
                assert_eq!(&found["requestId"], request, "{found}");
            }
            let is_revoked = !found["revokedOn"].is_null();
            assert_eq!(is_revoked, books.revoked.contains(id), "{found}");
        }
        let lost: Vec<_> = expected.keys().filter(|id| !seen.contains(*id)).collect();
        assert!(lost.is_empty(), "{path}: answered and not there: {lost:?}");
    }
}

/// Counts and limits are what the rows say, and what is left of a limit is given out to the last place.
pub(crate) fn counts(org: &Org, books: &mut Books, shared: &Shared) {
    let badges = [&shared.enrolling].into_iter().chain(&shared.direct);
    for badge in badges {
        let issued = org.issued_count(badge);
        assert_eq!(issued, books.counted(Kind::Enrolment, badge), "{badge}");
        let earned = org.earned_count(badge);
        assert_eq!(earned, books.counted(Kind::Earn, badge), "{badge}");
    }
    let limited = shared.limited_badge();
    let taken = books.counted(Kind::Earn, limited);
    assert!(taken <= LIMIT, "{taken} earns under a limit of {LIMIT}");
    let between = org.between(1, limited);
    for constraint in between["badgeConstraints"].as_array().unwrap() {
        let count = &constraint["earnConstraintBlockStatistics"]["currentEarnCount"];
        assert_eq!(count, &json!(taken), "{constraint}");
    }
    let mut of_customers: HashMap<i64, usize> = HashMap::new();
    for (id, row) in &books.earns {
        if row.badge == limited && !books.revoked.contains(id) {
            *of_customers.entry(row.customer).or_default() += 1;
        }
    }
    // Merged customers may have more than one of them could earn.
    let most = of_customers
        .iter()
        .filter(|(customer, _)| !books.merged.contains(customer))
        .map(|(_, count)| *count)
        .max();
    assert!(most <= Some(2), "{most:?} earns under a limit of 2");

    let customers: Vec<i64> = (1..=LIMIT - taken + 5).collect();
    let body = accolade_tests::earning_all(limited, &customers);
    let reply = org.earn_bulk(&body).ok();
    let codes = reply.element_codes();
    let places = usize::try_from(LIMIT - taken).unwrap();
    assert!(codes[..places].iter().all(|it| *it == 0), "{reply}");
    assert!(codes[places..].iter().all(|it| *it == 818), "{reply}");
    for element in reply.data()["earnedBadgesList"].as_array().unwrap() {
        let row = Row {
            customer: element["customerId"].as_i64().unwrap(),
            badge: limited.to_owned(),
            request: Some(body["requestId"].as_str().unwrap().to_owned()),
        };
        books.enter(Kind::Earn, element["earnedBadgeId"].as_str().unwrap(), row);
    }
}

/// Everything else of the org is as it was answered last, and there is nothing more of it.
pub(crate) fn catalogue(org: &Org, books: &Books, shared: &Shared) {
    let list = |path: &str, id: &str| -> BTreeMap<String, Value> {
        let rows = ndjson(org.get(path).ok().text()).into_iter();
        let named = rows.map(|row| (row[id].as_str().unwrap().to_owned(), row));
        named.collect()
    };
    let badges = list("exports/badges", "id");
    assert_eq!(badges.len(), books.badges.len() + 1 + shared.direct.len());
    for (id, state) in &books.badges {
        let found = &badges[id];
        if let Some(description) = &state.description {
            assert_eq!(&found["description"], description, "{found}");
        }
        assert_eq!(found["active"], !state.is_off, "{found}");
        let claims = found["ownership"]["claims"].as_array().unwrap();
        let active = claims.iter().filter(|it| it["isActive"] == true);
        let active: HashSet<i64> = active
            .map(|it| it["referenceId"].as_str().unwrap().parse().unwrap())
            .collect();
        assert_eq!(active, state.claims, "{found}");
    }
    let mut numbers: Vec<_> = badges
        .values()
        .map(|it| it["badgeNumericId"].as_i64().unwrap())
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), badges.len(), "two badges with one number");

    let groups = list("exports/groups", "id");
    let ranks: HashMap<String, i64> = groups
        .into_iter()
        .map(|(id, group)| (id, group["rank"].as_i64().unwrap()))
        .collect();
    assert_eq!(ranks, books.groups);
    let fields = list("exports/customFields", "id").into_keys();
    assert_eq!(fields.collect::<HashSet<_>>(), books.fields);
    let emails: HashMap<i64, String> = ndjson(org.get("exports/customers").ok().text())
        .iter()
        .filter(|row| row["email"].is_string())
        .map(|row| {
            let email = row["email"].as_str().unwrap().to_owned();
            (row["customerId"].as_i64().unwrap(), email)
        })
        .collect();
    assert_eq!(emails, books.emails);
    let webhooks = org.get("webhooks").ok().data();
    let webhooks = webhooks["webhooks"].as_array().unwrap();
    assert_eq!(webhooks.len(), books.webhooks.len() + 1);
    for webhook in webhooks {
        if let Some(description) = books.webhooks.get(webhook["id"].as_str().unwrap()) {
            assert_eq!(&webhook["description"], description);
        }
    }
}

/// How often the audit trail tells of each type of thing, each one and what was done.
pub(crate) fn audited(org: &Org) -> HashMap<(String, String, String), usize> {
    let mut counted = HashMap::new();
    let mut after = String::new();
    loop {
        let page = org.get(&format!("audit?limit=1000{after}")).ok().data();
        for entry in page["entries"].as_array().unwrap() {
            let word = |name: &str| entry[name].as_str().unwrap().to_owned();
            let told = (word("entityType"), word("entityId"), word("action"));
            *counted.entry(told).or_default() += 1;
        }
        let Some(next) = page["next"].as_str() else {
            return counted;
        };
        after = format!("&after={next}");
    }
}

/// The audit trail tells of everything since `before` once, and of nothing else.
pub(crate) fn audit(org: &Org, books: &Books, before: &HashMap<(String, String, String), usize>) {
    let mut now = audited(org);
    for told in before.keys() {
        now.remove(told);
    }
    now.retain(|(what, _, _), _| what != "JOB");
    let expected: HashMap<_, _> = books
        .audited
        .iter()
        .map(|((what, id, action), count)| {
            (
                ((*what).to_owned(), id.clone(), (*action).to_owned()),
                *count,
            )
        })
        .collect();
    compare("audited", &now, &expected);
}

/// Both count the same; what differs is said.
fn compare<K: Debug + Eq + Hash>(
    what: &str,
    found: &HashMap<K, usize>,
    expected: &HashMap<K, usize>,
) {
    for (key, count) in found {
        let right = expected.get(key).copied().unwrap_or(0);
        assert_eq!(*count, right, "{what}: {key:?}");
    }
    for (key, count) in expected {
        let wrong = found.get(key).copied().unwrap_or(0);
        assert_eq!(wrong, *count, "{what}: {key:?}");
    }
}

/// The feed tells of every row, its revocation, and whatever else was answered once, in positions
/// without a hole, and of nothing else; gives how many events there are.
pub(crate) fn feed(org: &Org, books: &Books, shared: &Shared) -> u64 {
    let mut events = Vec::new();
    let mut after = String::new();
    let expected = books.enrolments.len()
        + books.earns.len()
        + books.revoked.len()
        + books.events_without_data
        + books.told.values().sum::<usize>();
    let own = |event: &Value| {
        let kind = event["type"].as_str().unwrap();
        let of_shared = [&shared.enrolling].into_iter().chain(&shared.direct);
        let is_shared = of_shared
            .into_iter()
            .any(|it| event["subject"] == format!("badges/{it}"));
        // Events of erased customers name the badge alone.
        let of_preparation = is_shared && kind.starts_with("accolade.badge.");
        !of_preparation && kind != "accolade.limit.reached"
    };
    let begun = Instant::now();
    loop {
        let query = format!("events?limit=1000&wait=1{after}");
        let page = org.get(&query).ok().data();
        events.extend(page["events"].as_array().unwrap().iter().cloned());
        after = format!("&after={}", page["next"].as_str().unwrap());
        let is_there = || events.iter().filter(|it| own(it)).count() >= expected;
        if page["hasMore"] == false && (is_there() || begun.elapsed() > POSITIONS) {
            break;
        }
    }
    for (place, event) in events.iter().enumerate() {
        assert_eq!(event["sequence"], format!("{:020}", place + 1), "a hole");
    }
    let mut told: HashMap<(&str, &str), usize> = HashMap::new();
    let mut without_data = 0;
    let mut rows: HashSet<(bool, &str)> = HashSet::new();
    for event in events.iter().filter(|it| own(it)) {
        let kind = event["type"].as_str().unwrap();
        let kind = kind.strip_prefix("accolade.").unwrap();
        let (table, id_field) = match kind.split_once('.').unwrap().0 {
            "enrolment" => (&books.enrolments, "issuedId"),
            "earn" => (&books.earns, "earnedBadgeId"),
            _ => {
                let subject = event["subject"].as_str().unwrap();
                *told.entry((kind, subject)).or_default() += 1;
                continue;
            }
        };
        if event["data"].is_null() {
            without_data += 1;
            continue;
        }
        let id = event["data"][id_field].as_str().unwrap();
        assert!(table.contains_key(id), "nobody was answered {event}");
        let is_revocation = kind.ends_with("revoked");
        assert!(rows.insert((is_revocation, id)), "told twice: {event}");
        if is_revocation {
            assert!(books.revoked.contains(id), "not revoked: {event}");
            assert!(rows.contains(&(false, id)), "before its cause: {event}");
        }
    }
    let missing: Vec<_> = [&books.enrolments, &books.earns]
        .into_iter()
        .flatten()
        .filter(|(id, _)| !rows.contains(&(false, id.as_str())))
        .collect();
    assert!(missing.is_empty(), "in no event: {missing:?}");
    let not_revoked: Vec<_> = books
        .revoked
        .iter()
        .filter(|id| !rows.contains(&(true, id.as_str())))
        .collect();
    assert!(not_revoked.is_empty(), "no event revokes {not_revoked:?}");
    assert_eq!(without_data, books.events_without_data);
    let expected: HashMap<(&str, &str), usize> = books
        .told
        .iter()
        .map(|((kind, subject), count)| ((*kind, subject.as_str()), *count))
        .collect();
    compare("told", &told, &expected);
    events.len() as u64
}

/// Whatever was earned was delivered.
pub(crate) fn deliveries(books: &Books, shared: &Shared) {
    let earned: HashSet<&String> = books.earns.keys().collect();
    let earned = earned
        .into_iter()
        .filter(|it| !books.imported.contains(*it));
    let earned: HashSet<String> = earned.cloned().collect();
    let mut missing = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let mut delivered = HashSet::new();
        for body in shared.receiver.bodies() {
            let events = match body {
                Value::Array(events) => events,
                event => vec![event],
            };
            for event in events {
                if let Some(id) = event["data"]["earnedBadgeId"].as_str() {
                    delivered.insert(id.to_owned());
                }
            }
        }
        missing = earned.difference(&delivered).cloned().collect();
        if missing.is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("not delivered: {missing:?}");
}

/// The ledger has the answers, keys give them again, and ids are used; of the calls around faults and of
/// some others.
pub(crate) fn answers(org: &Org, books: &Books, chance: &mut Chance, figures: &mut Figures) {
    let is_whole = |it: &Settled| {
        let gone =
            |customer: &i64| books.erased.contains(customer) || books.merged.contains(customer);
        !it.call.customers.iter().any(gone)
    };
    let (near, mut far): (Vec<_>, Vec<_>) = books
        .settled
        .iter()
        .filter(|it| is_whole(it))
        .partition(|it| it.is_near_fault);
    let some = (0..REPEATED).filter_map(|_| chance.take(&mut far));
    for settled in near.into_iter().chain(some.collect::<Vec<_>>()) {
        let call = &settled.call;
        if let Some(id) = &call.id {
            let outcome = org.outcome(id).ok();
            let answer: Value = serde_json::from_str(&settled.answer).unwrap();
            let kept = outcome.data()["requests"][0]["answer"].clone();
            assert_eq!(kept, answer["data"], "{call:?}");
            figures.count("answers of the ledger compared");
        }
        if call.is_replayed_whole() {
            let reply = call.request(org).send().ok();
            assert_eq!(reply.text(), settled.answer, "{call:?}");
            let replayed = reply.header("idempotency-replayed");
            assert_eq!(replayed, Some("true"), "{reply}");
            figures.count("answers repeated by key and compared");
        }
        if call.id.is_some() {
            let mut again = call.clone();
            again.key += " again";
            again.request(org).send().refused(809, Some("requestId"));
            figures.count("used ids refused");
        }
    }
}

fn ndjson(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}
