//! Many who change one thing at the same moment: each waits for its turn, and nobody gives up.

use std::sync::atomic::{AtomicUsize, Ordering};

use accolade_tests::{Reply, at_once, badge, enrolment, with};
use serde_json::{Value, json};

use super::callers::{Callers, RACERS, races};
use crate::api::produced;

/// How many connections there are at once.
const CONNECTIONS: usize = 64;

/// The most active claims that a badge may have.
const MOST_CLAIMS: usize = 1_000;

fn claim(callers: &Callers, index: usize, badge: &str, number: usize) -> Reply {
    let owner = json!({"ownerType": "Loyalty", "referenceId": number});
    let path = format!("badgeMeta/{badge}/claim");
    callers.number(index).post(&path, &owner)
}

/// Claims the badge under each of `numbers`, by so many at once as there are connections.
fn claim_all(callers: &Callers, badge: &str, numbers: std::ops::Range<usize>) -> Vec<Reply> {
    let next = AtomicUsize::new(numbers.start);
    let replies = at_once(CONNECTIONS, |index| {
        let mut replies = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= numbers.end {
                return replies;
            }
            replies.push(claim(callers, index, badge, number));
        }
    });
    replies.into_iter().flatten().collect()
}

fn active_claims(callers: &Callers, badge: &str) -> usize {
    let badge = callers.org.get(&format!("badgeMeta/{badge}")).ok().data();
    let claims = badge["ownership"]["claims"].as_array().unwrap();
    claims.iter().filter(|it| it["isActive"] == true).count()
}

fn many_claims_at_once_all_get_through_and_never_exceed_the_bound(callers: &Callers) {
    let badge = callers.org.create(&badge());
    for reply in claim_all(callers, &badge, 0..900) {
        assert_eq!((reply.status, reply.codes()), (200, vec![]), "{reply}");
    }
    assert_eq!(active_claims(callers, &badge), 900);

    let replies = claim_all(callers, &badge, 900..MOST_CLAIMS + 20);
    let (claimed, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|it| it.status == 200);
    assert_eq!((claimed.len(), refused.len()), (100, 20));
    for reply in refused {
        produced::check(1906, reply);
    }
    assert_eq!(active_claims(callers, &badge), MOST_CLAIMS);

    let again = claim(callers, 0, &badge, 7).ok();
    assert_eq!(again.codes(), [900], "{again}");
    let path = format!("badgeMeta/{badge}/unclaim");
    let owner = json!({"ownerType": "Loyalty", "referenceId": "7"});
    callers.org.post(&path, &owner).ok();
    claim(callers, 0, &badge, 5_000).ok();
    assert_eq!(active_claims(callers, &badge), MOST_CLAIMS);
}

fn enrolments_get_through_while_others_claim_the_badge(callers: &Callers) {
    let badge = callers.org.badge();
    let replies = at_once(2 * RACERS, |index| {
        let mut replies = Vec::new();
        for time in 0..10 {
            let number = index * 100 + time + 1;
            replies.push(if index % 4 < 2 {
                claim(callers, index, &badge, number)
            } else {
                let body = with(&enrolment(&badge), &json!({"customers": [number]}));
                callers.number(index).enrol(&body)
            });
        }
        replies
    });
    for reply in replies.iter().flatten() {
        assert_eq!((reply.status, reply.codes()), (200, vec![]), "{reply}");
    }
    assert_eq!(callers.org.issued_count(&badge), 80);
}

/// Changes what is at `path` from all sides, and holds that every change gets through.
fn all_change(callers: &Callers, path: &str, change: impl Fn(usize) -> Value + Sync) {
    let replies = at_once(2 * RACERS, |index| {
        let times = (0..5).map(|time| change(index * 10 + time));
        let changes = times.map(|body| callers.number(index).put_json(path, &body));
        changes.collect::<Vec<_>>()
    });
    for reply in replies.iter().flatten() {
        assert_eq!((reply.status, reply.codes()), (200, vec![]), "{reply}");
    }
}

fn changes_of_one_thing_all_get_through(callers: &Callers) {
    let org = &callers.org;
    let id = |reply: &Reply| reply.data()["id"].as_str().unwrap().to_owned();
    let group = id(&org.post("group", &json!({"name": "Metals", "rank": 1})));
    all_change(
        callers,
        &format!("group/{group}"),
        |number| json!({"rank": number + 1}),
    );
    let field = id(&org.post(
        "customField",
        &json!({"name": "size", "dataType": "STRING"}),
    ));
    all_change(
        callers,
        &format!("customField/{field}"),
        |number| json!({"defaultValue": number.to_string()}),
    );
    let body = badge();
    let created = org.create(&body);
    all_change(callers, &format!("badgeMeta/{created}"), |number| {
        with(&body, &json!({"badgeRank": number + 1}))
    });
}

races! {
    many_claims_at_once_all_get_through_and_never_exceed_the_bound
    enrolments_get_through_while_others_claim_the_badge
    changes_of_one_thing_all_get_through
}
