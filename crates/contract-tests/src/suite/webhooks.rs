//! Webhooks: created, changed, deleted and looked up.

use accolade_application::ports::{
    AuditQuery, IdSource as _, MOST_WEBHOOKS, SaveWebhookError, StoredWebhook, Waiting,
};
use accolade_domain::audit::{Action, Attribution, EntityKind, telling};
use accolade_domain::event::Position;
use accolade_domain::webhook::{
    DisabledReason, HeaderName, HeaderValue, Health, SigningSecret, SigningSecrets, Webhook,
    WebhookDraft, WebhookState,
};
use time::Duration;

use crate::World;
use crate::fixtures::now;
use crate::race::race;
use crate::world::Tenant;

/// A position of the feed.
pub(super) fn position(number: i64) -> Position {
    number.try_into().unwrap()
}

/// A webhook of `tenant` that is not created yet.
pub(super) fn draft_of(world: &World, tenant: Tenant) -> Webhook {
    let name = HeaderName::try_from("x-api-key").unwrap();
    let value = HeaderValue::try_from("a secret of the receiver").unwrap();
    Webhook {
        id: world.ids.object_id().into(),
        org: tenant.org,
        settings: WebhookDraft::default().settings("https://example.org/hook".try_into().unwrap()),
        headers: [(name, value)].into(),
        secrets: SigningSecrets::new(SigningSecret::Hmac([7; 32])),
        state: WebhookState::Active,
        health: Health::default(),
        created_on: now(),
        created_by: tenant.actor,
        updated_on: now(),
        updated_by: tenant.actor,
    }
}

/// Creates `webhook`, which has read all up to `cursor`.
pub(super) fn create(world: &World, webhook: &Webhook, cursor: i64) {
    let store = &world.stores.webhooks;
    store
        .create_webhook(webhook, position(cursor), None, &[])
        .unwrap();
}

/// A webhook of the world's org, created, which has read all up to `cursor`.
pub(super) fn webhook(world: &World, cursor: i64) -> Webhook {
    let webhook = draft_of(world, world.tenant);
    create(world, &webhook, cursor);
    webhook
}

/// The webhook as it is now.
pub(super) fn found(world: &World, webhook: &Webhook) -> StoredWebhook {
    let found = world.stores.webhooks.webhook(webhook.org, webhook.id);
    found.unwrap().unwrap()
}

/// Saves `after` in the place of what is there.
pub(super) fn save(world: &World, after: &Webhook, waiting: Waiting) {
    let before = found(world, after);
    let store = &world.stores.webhooks;
    store
        .save_webhook(&before, after, waiting, None, &[])
        .unwrap();
}

fn is_changed(result: Result<(), SaveWebhookError>) -> bool {
    match result {
        Ok(()) => false,
        Err(SaveWebhookError::Changed) => true,
        Err(error) => panic!("{error:?}"),
    }
}

fn a_webhook_is_found_as_it_was_created_with_its_secrets(world: &World) {
    let mut webhook = draft_of(world, world.tenant);
    let seed = [9; 32];
    let pair = SigningSecret::Ed25519 {
        seed,
        public: [8; 32],
    };
    webhook.secrets = webhook.secrets.rotated(pair, now());
    create(world, &webhook, 5);
    let stored = found(world, &webhook);
    assert_eq!(stored.webhook, webhook);
    assert_eq!(stored.position, position(5));
}

fn an_org_has_no_more_webhooks_than_it_may_whoever_is_fast(world: &World) {
    let servers = world.servers();
    for _ in 2..MOST_WEBHOOKS {
        webhook(world, 0);
    }
    let refused = race(6, |i| {
        let webhook = draft_of(world, world.tenant);
        let store = &servers[i % 2].webhooks;
        let created = store.create_webhook(&webhook, Position::START, None, &[]);
        match created {
            Ok(()) => false,
            Err(SaveWebhookError::TooMany) => true,
            Err(error) => panic!("{error:?}"),
        }
    });
    assert_eq!(refused.iter().filter(|refused| **refused).count(), 4);
    let listed = world.stores.webhooks.webhooks(world.tenant.org).unwrap();
    assert_eq!(listed.len(), MOST_WEBHOOKS);
    create(world, &draft_of(world, world.tenant(7)), 0);
}

fn webhooks_are_listed_in_the_order_of_their_creation(world: &World) {
    let mut late = draft_of(world, world.tenant);
    late.created_on = now() + Duration::SECOND;
    create(world, &late, 0);
    let early = webhook(world, 0);
    create(world, &draft_of(world, world.tenant(7)), 0);
    let listed = world.stores.webhooks.webhooks(early.org).unwrap();
    let ids: Vec<_> = listed.iter().map(|it| it.webhook.id).collect();
    assert_eq!(ids, [early.id, late.id]);
}

fn a_webhook_of_another_org_is_as_good_as_none(world: &World) {
    let (store, other) = (&world.stores.webhooks, world.tenant(7).org);
    let webhook = webhook(world, 0);
    assert_eq!(store.webhook(other, webhook.id).unwrap(), None);
    assert_eq!(store.open(other, webhook.id).unwrap(), None);
    let mut before = found(world, &webhook);
    before.webhook.org = other;
    let after = before.webhook.clone();
    let saved = store.save_webhook(&before, &after, Waiting::On, None, &[]);
    assert!(is_changed(saved));
    assert!(is_changed(store.delete_webhook(&before, None, &[])));
    assert_eq!(found(world, &webhook).webhook, webhook);
}

fn what_has_another_version_is_not_saved(world: &World) {
    let store = &world.stores.webhooks;
    let webhook = webhook(world, 0);
    let before = found(world, &webhook);
    let mut after = webhook.clone();
    after.state = WebhookState::Paused;
    after.settings.batch = 100.try_into().unwrap();
    let save = |after| store.save_webhook(&before, after, Waiting::On, None, &[]);
    assert!(!is_changed(save(&after)));
    assert!(is_changed(save(&webhook)));
    assert!(is_changed(store.delete_webhook(&before, None, &[])));
    let stored = found(world, &webhook);
    assert_eq!(stored.webhook, after);
    assert!(stored.version > before.version);
}

fn of_two_who_change_one_webhook_one_wins(world: &World) {
    let webhook = webhook(world, 0);
    let before = found(world, &webhook);
    let servers = world.servers();
    let changed = race(6, |i| {
        let mut after = webhook.clone();
        after.settings.batch = (i64::try_from(i).unwrap() + 2).try_into().unwrap();
        let store = &servers[i % 2].webhooks;
        is_changed(store.save_webhook(&before, &after, Waiting::On, None, &[]))
    });
    assert_eq!(changed.iter().filter(|changed| !**changed).count(), 1);
}

fn each_state_is_kept(world: &World) {
    let mut webhook = webhook(world, 0);
    let disabled = DisabledReason::ALL.iter().copied();
    let states = disabled.map(WebhookState::Disabled);
    for state in states.chain([WebhookState::Paused, WebhookState::Active]) {
        webhook.state = state;
        webhook.health.failing_since = Some(now());
        webhook.health.hold_until = Some(now() + Duration::SECOND);
        save(world, &webhook, Waiting::On);
        assert_eq!(found(world, &webhook).webhook, webhook);
    }
}

fn a_deleted_webhook_is_gone(world: &World) {
    let store = &world.stores.webhooks;
    let webhook = webhook(world, 0);
    let before = found(world, &webhook);
    store.delete_webhook(&before, None, &[]).unwrap();
    assert_eq!(store.webhook(webhook.org, webhook.id).unwrap(), None);
    assert_eq!(store.open(webhook.org, webhook.id).unwrap(), None);
    assert!(store.webhooks(webhook.org).unwrap().is_empty());
    assert!(store.deliverable(now()).unwrap().is_empty());
    assert!(is_changed(store.delete_webhook(&before, None, &[])));
}

fn a_key_is_used_by_what_is_done_and_refuses_what_follows(world: &World) {
    let store = &world.stores.webhooks;
    let webhook = draft_of(world, world.tenant);
    let create = |key: &str| {
        let record = world.record(key);
        store.create_webhook(&webhook, Position::START, Some(&record), &[])
    };
    create("one").unwrap();
    assert!(world.remembered("one").is_some());
    let used = world.record("one");
    let before = found(world, &webhook);
    let key_used = |result| matches!(result, Err(SaveWebhookError::IdempotencyKeyUsed));
    assert!(key_used(create("one")));
    let saved = store.save_webhook(&before, &webhook, Waiting::On, Some(&used), &[]);
    assert!(key_used(saved));
    assert!(key_used(store.delete_webhook(&before, Some(&used), &[])));
    assert_eq!(found(world, &webhook), before);
}

fn the_trail_tells_what_is_done_and_nothing_of_what_is_not(world: &World) {
    let store = &world.stores.webhooks;
    let webhook = draft_of(world, world.tenant);
    let by = Attribution {
        actor: world.tenant.actor,
        on: now(),
        tag: None,
    };
    let created = [telling::webhook_created(&webhook, &by)];
    store
        .create_webhook(&webhook, Position::START, None, &created)
        .unwrap();
    let before = found(world, &webhook);
    let rotated = [telling::webhook_rotated(&webhook, &by)];
    let save = || store.save_webhook(&before, &webhook, Waiting::On, None, &rotated);
    assert!(!is_changed(save()));
    assert!(is_changed(save()));
    let before = found(world, &webhook);
    let deleted = [telling::webhook_deleted(&webhook, &by)];
    store.delete_webhook(&before, None, &deleted).unwrap();
    let query = AuditQuery {
        kinds: vec![EntityKind::Webhook],
        limit: 10,
        ..Default::default()
    };
    let page = world.stores.audit.entries(webhook.org, &query).unwrap();
    let told: Vec<_> = page.entries.iter().map(|it| it.entry.action).collect();
    assert_eq!(told, [Action::Delete, Action::Rotate, Action::Create]);
    let entries: Vec<_> = page.entries.into_iter().map(|it| it.entry).collect();
    assert_eq!(entries, [deleted, rotated, created].concat());
}

sentences! {
    an_org_has_no_more_webhooks_than_it_may_whoever_is_fast
    a_webhook_is_found_as_it_was_created_with_its_secrets
    webhooks_are_listed_in_the_order_of_their_creation
    a_webhook_of_another_org_is_as_good_as_none
    what_has_another_version_is_not_saved
    of_two_who_change_one_webhook_one_wins
    each_state_is_kept
    a_deleted_webhook_is_gone
    a_key_is_used_by_what_is_done_and_refuses_what_follows
    the_trail_tells_what_is_done_and_nothing_of_what_is_not
}
