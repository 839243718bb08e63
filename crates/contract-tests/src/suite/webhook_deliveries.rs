//! Webhooks: how far they have come, what they were sent, and what is sent again.

use accolade_application::ports::{
    Attempt, AttemptPage, AttemptQuery, AttemptResult, AttemptStatus, AttemptedEvent, AuditQuery,
    Delivery, FeedQuery, MOST_WAITING, Progress, Resend, ResendWhat, Retry, SaveWebhookError,
    Saved, Waiting,
};
use accolade_domain::actor::Actor;
use accolade_domain::audit::{Action, EntityKind};
use accolade_domain::event::{Fact, Position};
use accolade_domain::webhook::{DisabledReason, Health, Webhook, WebhookState};
use time::Duration;

use super::webhooks::{draft_of, found, position, save, webhook};
use crate::World;
use crate::fixtures::now;
use crate::race::race;

fn open(world: &World, webhook: &Webhook) -> Delivery {
    let opened = world.stores.webhooks.open(webhook.org, webhook.id);
    opened.unwrap().unwrap()
}

/// Progress of `webhook`, opened as it is now, up to `cursor`, with nothing to be sent again.
fn progress(world: &World, webhook: &Webhook, cursor: i64) -> Progress {
    Progress {
        org: webhook.org,
        webhook: webhook.id,
        version: found(world, webhook).version,
        cursor: position(cursor),
        put: Vec::new(),
        done: Vec::new(),
        attempts: Vec::new(),
        health: Health::default(),
        disable: None,
        now: now(),
    }
}

fn saved(world: &World, progress: &Progress) -> Saved {
    world.stores.webhooks.save(progress).unwrap().unwrap()
}

/// A retry that is due a minute from now.
fn retry(number: i64) -> Retry {
    Retry {
        position: position(number),
        partition: Some(format!("customer {number}")),
        attempts: 3,
        first_on: Some(now() - Duration::HOUR),
        due_on: Some(now() + Duration::MINUTE),
        given_up: false,
        resent: false,
    }
}

fn given_up(number: i64) -> Retry {
    Retry {
        due_on: None,
        given_up: true,
        ..retry(number)
    }
}

fn attempt(events: &[(i64, u32)], status: AttemptStatus) -> Attempt {
    Attempt {
        events: events
            .iter()
            .map(|(number, attempt)| AttemptedEvent {
                position: position(*number),
                attempt: *attempt,
            })
            .collect(),
        result: AttemptResult {
            attempted_on: now(),
            status,
            http_status: Some(599),
            duration: Duration::microseconds(12_345),
            error: Some("It said: no.".to_owned()),
            answer: Some("a\0b ä 1".to_owned()),
        },
    }
}

fn attempts(world: &World, webhook: &Webhook, query: AttemptQuery) -> AttemptPage {
    world
        .stores
        .webhooks
        .attempts(&AttemptQuery {
            org: webhook.org,
            webhook: webhook.id,
            ..query
        })
        .unwrap()
}

fn all_of(webhook: &Webhook) -> AttemptQuery {
    AttemptQuery {
        org: webhook.org,
        webhook: webhook.id,
        status: None,
        after: None,
        kept_since: now() - Duration::DAY,
        limit: 100,
    }
}

fn resend(world: &World, webhook: &Webhook, what: ResendWhat, only_failed: bool) -> u64 {
    let resend = Resend {
        org: webhook.org,
        webhook: webhook.id,
        what,
        only_failed,
        now: now(),
    };
    world.stores.webhooks.resend(&resend, None).unwrap()
}

fn only_active_webhooks_are_deliverable_and_none_that_is_held(world: &World) {
    let store = &world.stores.webhooks;
    let mut webhook = webhook(world, 0);
    let deliverable = |moment| -> Vec<_> {
        let found = store.deliverable(moment).unwrap();
        found.into_iter().map(|it| it.webhook).collect()
    };
    assert_eq!(deliverable(now()), [webhook.id]);
    webhook.health.hold_until = Some(now() + Duration::SECOND);
    save(world, &webhook, Waiting::On);
    assert!(deliverable(now()).is_empty());
    assert_eq!(deliverable(now() + Duration::SECOND), [webhook.id]);
    webhook.state = WebhookState::Paused;
    save(world, &webhook, Waiting::On);
    assert!(deliverable(now() + Duration::DAY).is_empty());
    assert_eq!(store.open(webhook.org, webhook.id).unwrap(), None);
}

fn whoever_changes_a_webhook_raises_the_version_that_deliverers_see(world: &World) {
    let store = &world.stores.webhooks;
    let webhook = webhook(world, 9);
    let version = || {
        let seen = store.deliverable(now()).unwrap()[0].version;
        assert_eq!(open(world, &webhook).version, seen);
        seen
    };
    let first = version();
    assert_eq!(saved(world, &progress(world, &webhook, 10)).version, first);
    assert_eq!(version(), first);
    save(world, &webhook, Waiting::On);
    let second = version();
    assert!(second > first);
    let what = ResendWhat::Positions(vec![position(3)]);
    assert_eq!(resend(world, &webhook, what, false), 1);
    assert!(version() > second);
}

fn progress_is_found_by_whoever_opens_next(world: &World) {
    let webhook = webhook(world, 3);
    let mut first = progress(world, &webhook, 8);
    first.put = vec![retry(8), retry(5), given_up(6)];
    first.health.failing_since = Some(now());
    saved(world, &first);
    let opened = open(world, &webhook);
    assert_eq!(opened.cursor, position(8));
    assert_eq!(opened.retries, [retry(5), retry(8)]);
    assert_eq!(opened.webhook.health, first.health);

    let mut second = progress(world, &webhook, 9);
    let again = Retry {
        attempts: 4,
        partition: None,
        due_on: None,
        ..retry(8)
    };
    second.put = vec![again.clone()];
    second.done = vec![position(5), position(4)];
    saved(world, &second);
    let opened = open(world, &webhook);
    assert_eq!((opened.cursor, opened.retries), (position(9), vec![again]));
}

fn all_up_to_the_position_is_done_with(world: &World) {
    let webhook = webhook(world, 3);
    let is_at = |number| {
        assert_eq!(found(world, &webhook).position, position(number));
        let listed = world.stores.webhooks.webhooks(webhook.org).unwrap();
        assert_eq!(listed[0].position, position(number));
        let standings = world.stores.webhooks.standings().unwrap();
        let (standing, state) = (standings[0].position, standings[0].state);
        assert_eq!((standing, state), (position(number), WebhookState::Active));
    };
    is_at(3);
    let mut saves = progress(world, &webhook, 9);
    saves.put = vec![given_up(4), retry(6), retry(8)];
    saved(world, &saves);
    is_at(5);
    let what = ResendWhat::Positions(vec![position(1), position(4)]);
    assert_eq!(resend(world, &webhook, what, false), 2);
    is_at(5);
    saves.put.clear();
    saves.done = vec![position(6), position(8)];
    saved(world, &saves);
    is_at(9);
}

fn a_cursor_never_goes_back(world: &World) {
    let webhook = webhook(world, 3);
    saved(world, &progress(world, &webhook, 9));
    saved(world, &progress(world, &webhook, 5));
    assert_eq!(open(world, &webhook).cursor, position(9));
}

fn of_two_who_deliver_at_once_neither_loses_what_the_other_put(world: &World) {
    let webhook = webhook(world, 0);
    let servers = world.servers();
    race(8, |i| {
        let number = i64::try_from(i).unwrap() + 1;
        let mut one = progress(world, &webhook, number);
        one.put = vec![retry(number)];
        one.attempts = vec![attempt(&[(number, 1)], AttemptStatus::Failed)];
        servers[i % 2].webhooks.save(&one).unwrap().unwrap();
    });
    let opened = open(world, &webhook);
    assert_eq!((opened.cursor, opened.retries.len()), (position(8), 8));
    let page = attempts(world, &webhook, all_of(&webhook));
    let mut numbers: Vec<_> = page.attempts.iter().map(|it| it.cursor.request).collect();
    numbers.reverse();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8]);
}

fn progress_of_a_deleted_webhook_is_not_saved(world: &World) {
    let webhook = webhook(world, 0);
    let before = found(world, &webhook);
    let store = &world.stores.webhooks;
    let mut late = progress(world, &webhook, 5);
    late.put = vec![retry(5)];
    store.delete_webhook(&before, None, &[]).unwrap();
    assert_eq!(store.save(&late).unwrap(), None);
    assert!(store.standings().unwrap().is_empty());
}

fn a_webhook_that_is_disabled_is_an_event_and_an_entry_of_the_trail(world: &World) {
    let webhook = webhook(world, 0);
    let mut last = progress(world, &webhook, 4);
    last.health.failing_since = Some(now() - Duration::days(5));
    last.disable = Some(DisabledReason::NoSuccess);
    let state = WebhookState::Disabled(DisabledReason::NoSuccess);
    let before = found(world, &webhook).version;
    let disabled = saved(world, &last);
    assert_eq!(disabled.state, state);
    assert!(disabled.version > before);
    let stored = found(world, &webhook);
    assert_eq!(stored.webhook.state, state);
    assert_eq!(stored.webhook.updated_by, Actor::SYSTEM);
    assert_eq!(stored.webhook.health, last.health);
    // It is so already.
    assert_eq!(saved(world, &last), disabled);

    let page = world.stores.events.read(&FeedQuery {
        org: webhook.org,
        after: Position::START,
        kept_since: now() - Duration::DAY,
        kinds: [].into(),
        badge: None,
        customer: None,
        limit: 10,
    });
    let facts: Vec<_> = page.unwrap().events.into_iter().map(|it| it.fact).collect();
    let told = Fact::WebhookDisabled {
        webhook: webhook.id,
        reason: DisabledReason::NoSuccess.message().to_owned(),
    };
    assert_eq!(facts, [told]);
    let query = AuditQuery {
        kinds: vec![EntityKind::Webhook],
        limit: 10,
        ..Default::default()
    };
    let trail = world.stores.audit.entries(webhook.org, &query).unwrap();
    let entries: Vec<_> = trail.entries.iter().map(|it| &it.entry).collect();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].action, Action::Disable);
    assert_eq!(entries[0].by.actor, Actor::SYSTEM);
}

fn what_somebody_paused_is_not_disabled_and_keeps_its_health(world: &World) {
    let mut webhook = webhook(world, 0);
    webhook.state = WebhookState::Paused;
    save(world, &webhook, Waiting::On);
    let mut late = progress(world, &webhook, 4);
    late.health.failing_since = Some(now());
    late.disable = Some(DisabledReason::Gone);
    late.put = vec![retry(4)];
    assert_eq!(saved(world, &late).state, WebhookState::Paused);
    let stored = found(world, &webhook);
    assert_eq!(stored.webhook, webhook);
    assert_eq!(stored.position, position(3));
}

fn a_webhook_that_goes_on_has_its_retries_due_at_once(world: &World) {
    let mut webhook = webhook(world, 0);
    let behind = Retry {
        due_on: None,
        attempts: 0,
        first_on: None,
        ..retry(7)
    };
    let mut last = progress(world, &webhook, 8);
    last.put = vec![retry(5), behind.clone(), given_up(6)];
    saved(world, &last);
    webhook.updated_on = now() + Duration::HOUR;
    save(world, &webhook, Waiting::NoMore);
    let due = Retry {
        attempts: 0,
        first_on: None,
        due_on: Some(webhook.updated_on),
        ..retry(5)
    };
    assert_eq!(open(world, &webhook).retries, [due, behind]);
}

fn who_opened_it_before_a_change_undoes_nothing_of_it(world: &World) {
    let mut webhook = webhook(world, 0);
    let mut last = progress(world, &webhook, 8);
    last.put = vec![retry(4), retry(5), retry(6)];
    last.health.failing_since = Some(now() - Duration::HOUR);
    saved(world, &last);
    let mut late = progress(world, &webhook, 9);
    webhook.updated_on = now() + Duration::SECOND;
    save(world, &webhook, Waiting::NoMore);
    late.done = vec![position(4)];
    let new = Retry {
        attempts: 1,
        ..retry(9)
    };
    late.put = vec![given_up(5), retry(6), new.clone()];
    late.attempts = vec![attempt(&[(5, 10)], AttemptStatus::Failed)];
    late.health = last.health;
    late.disable = Some(DisabledReason::NoSuccess);
    assert_eq!(saved(world, &late).state, WebhookState::Active);
    let due = |number| Retry {
        attempts: 0,
        first_on: None,
        due_on: Some(webhook.updated_on),
        ..retry(number)
    };
    let opened = open(world, &webhook);
    assert_eq!(opened.webhook, webhook);
    assert_eq!(opened.cursor, position(9));
    assert_eq!(opened.retries, [due(5), due(6), new]);
    let listed = attempts(world, &webhook, all_of(&webhook));
    assert_eq!(listed.attempts.len(), 1);
}

fn no_more_is_sent_again_than_may_wait(world: &World) {
    let most = i64::try_from(MOST_WAITING).unwrap();
    let webhook = webhook(world, most + 10);
    let mut last = progress(world, &webhook, most + 10);
    last.put = vec![retry(2), given_up(3), given_up(most + 10)];
    saved(world, &last);
    let version = found(world, &webhook).version;
    let ask = |after, until, only_failed| {
        let resend = Resend {
            org: webhook.org,
            webhook: webhook.id,
            what: ResendWhat::Range(position(after), position(until)),
            only_failed,
            now: now(),
        };
        world.stores.webhooks.resend(&resend, None)
    };
    let is_refused = |result| matches!(result, Err(SaveWebhookError::TooManyWaiting));
    assert!(is_refused(ask(3, most + 3, false)));
    assert_eq!(open(world, &webhook).retries, [retry(2)]);
    assert_eq!(found(world, &webhook).version, version);
    assert_eq!(ask(0, most, false).unwrap(), MOST_WAITING as u64);
    assert!(is_refused(ask(most, most + 1, false)));
    assert!(is_refused(ask(0, most + 10, true)));
    // All of these wait already.
    assert_eq!(ask(0, most, true).unwrap(), MOST_WAITING as u64);
}

fn what_is_asked_for_may_be_endless_if_only_what_failed_is(world: &World) {
    let webhook = webhook(world, 0);
    let mut last = progress(world, &webhook, i64::MAX - 1);
    last.put = vec![given_up(5)];
    saved(world, &last);
    let all = ResendWhat::Range(Position::START, position(i64::MAX - 1));
    assert_eq!(resend(world, &webhook, all, true), 1);
}

/// A retry of an event about this customer.
fn retry_of(number: i64, customer: &str) -> Retry {
    Retry {
        partition: Some(customer.to_owned()),
        ..retry(number)
    }
}

fn what_is_to_be_sent_again_does_not_name_who_was_forgotten(world: &World) {
    let badge = world.badge("Gold");
    // The events of the badge and of three customers.
    world.enrol(&world.request(&badge, [1, 2, 3])).unwrap();
    let newest = world.events().len();
    let of = |number: i64| {
        let events = world.events();
        let is_of = |it: &&accolade_domain::event::Event| {
            it.fact.customer().is_some_and(|it| it.get() == number)
        };
        events.iter().find(is_of).unwrap().position.get()
    };
    let [first, second, third] = [1, 2, 3].map(of);
    let webhook = webhook(world, 0);
    let cursor = i64::try_from(newest).unwrap();
    let mut early = progress(world, &webhook, cursor);
    early.put = vec![retry_of(first, "1"), retry_of(third, "3")];
    saved(world, &early);
    let version = found(world, &webhook).version;
    world.erase(1);
    assert!(
        found(world, &webhook).version > version,
        "whoever delivers opens it anew"
    );
    let nobodys = |number| Retry {
        partition: None,
        ..retry(number)
    };
    let others = [nobodys(first), retry_of(third, "3")];
    assert_eq!(open(world, &webhook).retries, others);
    // Who has read the events before tells of what it was at meanwhile.
    let mut late = early;
    late.put = vec![
        retry_of(first, "1"),
        retry_of(second, "2"),
        retry_of(third, "3"),
    ];
    saved(world, &late);
    let mut expected = vec![nobodys(first), retry_of(second, "2"), retry_of(third, "3")];
    expected.sort_by_key(|it| it.position);
    assert_eq!(open(world, &webhook).retries, expected);
    // In a webhook whose events all wait for each other they still do.
    late.put = vec![retry_of(first, "")];
    saved(world, &late);
    assert_eq!(
        open(world, &webhook).retries[0].partition.as_deref(),
        Some("")
    );
}

fn what_is_sent_again_is_due_and_holds_up_nobody(world: &World) {
    let webhook = webhook(world, 0);
    let mut last = progress(world, &webhook, 8);
    let behind = Retry {
        due_on: None,
        ..retry(6)
    };
    last.put = vec![retry(5), behind.clone(), given_up(7)];
    saved(world, &last);
    // 9 is behind the cursor: it comes anyway.
    let numbers = [4, 5, 6, 7, 9, 4].map(position).to_vec();
    let sent = resend(world, &webhook, ResendWhat::Positions(numbers), false);
    assert_eq!(sent, 3);
    let fresh = |number| Retry {
        partition: None,
        attempts: 0,
        first_on: None,
        due_on: Some(now()),
        given_up: false,
        resent: true,
        ..retry(number)
    };
    let due = Retry {
        due_on: Some(now()),
        ..retry(5)
    };
    let failed = Retry {
        partition: retry(7).partition,
        ..fresh(7)
    };
    let expected = [fresh(4), due, behind, failed];
    assert_eq!(open(world, &webhook).retries, expected);
}

fn a_stretch_is_sent_again_or_only_what_failed_in_it(world: &World) {
    let webhook = webhook(world, 0);
    let mut last = progress(world, &webhook, 8);
    last.put = vec![given_up(2), given_up(5), given_up(7)];
    saved(world, &last);
    let numbers = || -> Vec<_> {
        let retries = open(world, &webhook).retries;
        retries.iter().map(|it| it.position.get()).collect()
    };
    let stretch = |from, until| ResendWhat::Range(position(from), position(until));
    assert_eq!(resend(world, &webhook, stretch(2, 6), true), 1);
    assert_eq!(numbers(), [5]);
    assert_eq!(resend(world, &webhook, stretch(5, 100), false), 3);
    assert_eq!(numbers(), [5, 6, 7, 8]);
    let nothing = stretch(8, 8);
    assert_eq!(resend(world, &webhook, nothing, false), 0);
}

fn nothing_is_sent_again_by_no_webhook_or_under_a_used_key(world: &World) {
    let store = &world.stores.webhooks;
    let mut again = Resend {
        org: world.tenant.org,
        webhook: draft_of(world, world.tenant).id,
        what: ResendWhat::Positions(vec![position(1)]),
        only_failed: false,
        now: now(),
    };
    let refused = store.resend(&again, None);
    assert!(matches!(refused, Err(SaveWebhookError::Changed)));
    again.webhook = webhook(world, 3).id;
    let key = world.record("key");
    assert_eq!(store.resend(&again, Some(&key)).unwrap(), 1);
    let refused = store.resend(&again, Some(&key));
    assert!(matches!(refused, Err(SaveWebhookError::IdempotencyKeyUsed)));
}

fn attempts_are_listed_event_by_event_the_newest_first(world: &World) {
    let webhook = webhook(world, 0);
    let mut first = progress(world, &webhook, 2);
    first.attempts = vec![
        attempt(&[(1, 1), (2, 1)], AttemptStatus::Failed),
        attempt(&[(1, 2)], AttemptStatus::Succeeded),
    ];
    saved(world, &first);
    let mut second = progress(world, &webhook, 3);
    second.attempts = vec![attempt(&[(3, 1), (2, 2)], AttemptStatus::Failed)];
    saved(world, &second);
    let shown = |page: &AttemptPage| -> Vec<_> {
        let attempts = page.attempts.iter();
        attempts
            .map(|it| (it.event.position.get(), it.event.attempt))
            .collect()
    };
    let all = attempts(world, &webhook, all_of(&webhook));
    let expected = [(2, 2), (3, 1), (1, 2), (2, 1), (1, 1)];
    assert_eq!((shown(&all), all.next), (expected.to_vec(), None));
    assert_eq!(all.attempts[2].result, first.attempts[1].result);

    let mut paged = Vec::new();
    let mut query = AttemptQuery {
        limit: 2,
        ..all_of(&webhook)
    };
    loop {
        let page = attempts(world, &webhook, query);
        paged.extend(shown(&page));
        query.after = page.next;
        if page.next.is_none() {
            break;
        }
    }
    assert_eq!(paged, expected);

    let failed = AttemptQuery {
        status: Some(AttemptStatus::Failed),
        ..all_of(&webhook)
    };
    let failed = shown(&attempts(world, &webhook, failed));
    assert_eq!(failed, [(2, 2), (3, 1), (2, 1), (1, 1)]);
}

fn old_attempts_are_not_listed_and_are_swept(world: &World) {
    let store = &world.stores.webhooks;
    let webhook = webhook(world, 0);
    let mut old = attempt(&[(1, 1)], AttemptStatus::Failed);
    old.result.attempted_on = now() - Duration::days(31);
    let mut last = progress(world, &webhook, 4);
    last.attempts = vec![old, attempt(&[(2, 1)], AttemptStatus::Succeeded)];
    last.put = vec![
        given_up(3),
        Retry {
            first_on: Some(now() - Duration::days(31)),
            ..given_up(4)
        },
    ];
    saved(world, &last);
    let kept_since = now() - Duration::days(30);
    let listed = || {
        let query = AttemptQuery {
            kept_since,
            ..all_of(&webhook)
        };
        attempts(world, &webhook, query).attempts.len()
    };
    assert_eq!(listed(), 1);
    assert_eq!(store.sweep_attempts(kept_since).unwrap(), 2);
    assert_eq!(store.sweep_attempts(kept_since).unwrap(), 0);
    assert_eq!(listed(), 1);
    let everything = ResendWhat::Range(Position::START, position(4));
    assert_eq!(resend(world, &webhook, everything, true), 1);
}

fn attempts_of_a_deleted_webhook_are_swept(world: &World) {
    let store = &world.stores.webhooks;
    let (kept, gone) = (webhook(world, 0), webhook(world, 0));
    for webhook in [&kept, &gone] {
        let mut last = progress(world, webhook, 4);
        last.attempts = vec![attempt(&[(1, 1)], AttemptStatus::Failed)];
        saved(world, &last);
    }
    let before = found(world, &gone);
    store.delete_webhook(&before, None, &[]).unwrap();
    store.sweep_attempts(now() - Duration::days(30)).unwrap();
    let listed = |webhook| attempts(world, webhook, all_of(webhook)).attempts.len();
    assert_eq!((listed(&kept), listed(&gone)), (1, 0));
}

sentences! {
    only_active_webhooks_are_deliverable_and_none_that_is_held
    whoever_changes_a_webhook_raises_the_version_that_deliverers_see
    progress_is_found_by_whoever_opens_next
    all_up_to_the_position_is_done_with
    a_cursor_never_goes_back
    of_two_who_deliver_at_once_neither_loses_what_the_other_put
    progress_of_a_deleted_webhook_is_not_saved
    a_webhook_that_is_disabled_is_an_event_and_an_entry_of_the_trail
    what_somebody_paused_is_not_disabled_and_keeps_its_health
    a_webhook_that_goes_on_has_its_retries_due_at_once
    who_opened_it_before_a_change_undoes_nothing_of_it
    no_more_is_sent_again_than_may_wait
    what_is_asked_for_may_be_endless_if_only_what_failed_is
    what_is_to_be_sent_again_does_not_name_who_was_forgotten
    what_is_sent_again_is_due_and_holds_up_nobody
    a_stretch_is_sent_again_or_only_what_failed_in_it
    nothing_is_sent_again_by_no_webhook_or_under_a_used_key
    attempts_are_listed_event_by_event_the_newest_first
    old_attempts_are_not_listed_and_are_swept
    attempts_of_a_deleted_webhook_are_swept
}
