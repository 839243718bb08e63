//! The audit trail: what is told of a change, and how it is read.

use std::num::NonZeroU32;
use std::slice;

use accolade_application::access::{AccessGroups, ClientKey, Secret};
use accolade_application::ports::{
    AuditPage, AuditQuery, BadgeEdit, BadgeVersion, BoundsChange, CreateBadgeError,
    CreateClientError, CreateOrgError, DirectoryEntry, DirectoryError, EditBadgeError,
    IdSource as _, Identifiers, NewClient, SaveError, UnknownClient,
};
use accolade_domain::actor::Actor;
use accolade_domain::audit::{
    Action, Attribution, BadgeState, Change, ClaimState, ClientState, EntityKind, Entry,
    HiddenField, State,
};
use accolade_domain::badge::{Badge, Rank};
use accolade_domain::catalogue::{CustomField, DataType, Group};
use accolade_domain::event::Fact;
use accolade_domain::ids::{CustomFieldId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::OwnerType;
use accolade_domain::text::Reason;

use crate::World;
use crate::fixtures::{at, claim, customer, now, second};
use crate::race::race;
use crate::world::Tenant;

const ALL: AuditQuery = AuditQuery {
    kinds: Vec::new(),
    entity_id: None,
    actor: None,
    actions: Vec::new(),
    from: None,
    to: None,
    after: None,
    limit: 1_000,
};

fn page(world: &World, org: OrgId, query: &AuditQuery) -> AuditPage {
    world.stores.audit.entries(org, query).unwrap()
}

/// What `query` finds of the world's org, but that its client was created, the newest first.
fn found(world: &World, query: &AuditQuery) -> Vec<Entry> {
    let page = page(world, world.tenant.org, query);
    let entries = page.entries.into_iter().map(|it| it.entry);
    entries
        .filter(|entry| entry.by.actor != Actor::SYSTEM)
        .collect()
}

/// The newest entries of the world's org as action, kind and id, oldest first.
fn told(world: &World) -> Vec<String> {
    let mut entries = found(world, &ALL);
    entries.reverse();
    let said = |entry: &Entry| {
        let (kind, id) = (entry.entity.kind().name(), entry.entity.id());
        format!("{} {kind} {id}", entry.action.name())
    };
    entries.iter().map(said).collect()
}

fn group(world: &World, tenant: Tenant, name: &str) -> Group {
    Group {
        id: world.ids.object_id().into(),
        org: tenant.org,
        name: name.try_into().unwrap(),
        rank: Rank::try_from(1).unwrap(),
        active: true,
        created_on: now(),
        created_by: tenant.actor,
        updated_on: now(),
        updated_by: tenant.actor,
    }
}

/// Writes `entries`, with a group of this name.
fn write(world: &World, name: &str, entries: &[Entry]) {
    let group = group(world, world.tenant, name);
    let catalogue = &world.stores.catalogue;
    catalogue.create_group(&group, None, entries).unwrap();
}

fn entry(world: &World, badge: &Badge, action: Action, on: Instant) -> Entry {
    let by = Attribution {
        on,
        ..world.tenant.by(None)
    };
    Entry::new(world.tenant.org, &by, badge.id, action, Change::default())
}

fn custom_field(world: &World) -> CustomField {
    let id: CustomFieldId = world.ids.object_id().into();
    CustomField {
        id,
        org: world.tenant.org,
        name: "tier".try_into().unwrap(),
        data_type: DataType::Integer,
        mandatory: true,
        default: Some("1".try_into().unwrap()),
        active: true,
        created_on: now(),
        created_by: world.tenant.actor,
        updated_on: now(),
        updated_by: world.tenant.actor,
    }
}

fn entries_are_found_as_they_were_written_the_last_first(world: &World) {
    let badge = world.draft("Gold");
    let states = [
        State::Badge(Box::new(BadgeState {
            definition: badge.definition.clone(),
            active: false,
        })),
        State::Activity(true),
        State::Claim(ClaimState {
            position: 3,
            claim: claim(OwnerType::Loyalty, "\"1\\ä", true),
        }),
        State::Group(group(world, world.tenant, "Metals")),
        State::CustomField(custom_field(world)),
        State::Client(ClientState {
            customers_per_minute: Some(u32::MAX),
            ends_on: Some(Instant::MAX),
            ..ClientState::new("Till".try_into().unwrap(), AccessGroups::DEFAULT.names())
        }),
        State::Imported(u64::MAX),
    ];
    let mut written = Vec::new();
    for (place, state) in states.into_iter().enumerate() {
        let before = (place % 2 == 0).then(|| state.clone());
        let change = Change {
            before,
            hidden: vec![HiddenField::Email, HiddenField::NextSecret],
            ..Change::to(state)
        };
        let by = world.tenant.by((place > 2).then_some("tag-1._"));
        let reason = Reason::try_from("why: 'ä' \"\\").unwrap();
        let action = Action::ALL[place];
        let entry = Entry::new(badge.org, &by, badge.id, action, change);
        written.push(entry.with_reason((place > 3).then_some(&reason)));
    }
    write(world, "Stones", &written);
    written.reverse();
    assert_eq!(found(world, &ALL), written);
}

fn each_filter_leaves_out_what_it_does_not_name(world: &World) {
    let [gold, silver] = ["Gold", "Silver"].map(|name| world.draft(name));
    let mut entries = vec![
        entry(world, &gold, Action::Create, second(1)),
        entry(world, &gold, Action::Update, second(2)),
        entry(world, &silver, Action::Create, second(3)),
        Entry::new(
            world.tenant.org,
            &Attribution {
                actor: Actor::try_from(i64::MAX).unwrap(),
                on: second(4),
                tag: None,
            },
            customer(7),
            Action::Update,
            Change::default(),
        ),
    ];
    write(world, "Stones", &entries);
    entries.reverse();
    let [by_other, silver_created, gold_updated, gold_created] =
        <[_; 4]>::try_from(entries).unwrap();
    let found = |query: AuditQuery| found(world, &query);
    assert_eq!(
        found(AuditQuery {
            kinds: vec![EntityKind::Customer, EntityKind::Webhook],
            ..ALL
        }),
        slice::from_ref(&by_other)
    );
    assert_eq!(
        found(AuditQuery {
            entity_id: Some(gold.id.to_string()),
            ..ALL
        }),
        [gold_updated.clone(), gold_created.clone()]
    );
    assert_eq!(
        found(AuditQuery {
            actor: Some(by_other.by.actor),
            ..ALL
        }),
        slice::from_ref(&by_other)
    );
    assert_eq!(
        found(AuditQuery {
            actions: vec![Action::Create, Action::Delete],
            ..ALL
        }),
        [silver_created.clone(), gold_created]
    );
    assert_eq!(
        found(AuditQuery {
            from: Some(second(2)),
            to: Some(second(4)),
            ..ALL
        }),
        [silver_created, gold_updated.clone()]
    );
    assert_eq!(
        found(AuditQuery {
            entity_id: Some(gold.id.to_string()),
            kinds: vec![EntityKind::Badge],
            actions: vec![Action::Update],
            actor: Some(world.tenant.actor),
            from: Some(second(2)),
            to: Some(second(3)),
            ..ALL
        }),
        [gold_updated]
    );
}

fn pages_follow_each_other_and_the_last_says_so(world: &World) {
    let badge = world.draft("Gold");
    // Some of one moment, and some before and after it.
    let entries: Vec<_> = (0..11)
        .map(|place| {
            entry(
                world,
                &badge,
                Action::ALL[place],
                second([5, 5, 9][place % 3]),
            )
        })
        .collect();
    write(world, "Stones", &entries);
    let whole = found(world, &ALL);
    assert_eq!(whole.len(), 11);
    let mut query = AuditQuery {
        kinds: vec![EntityKind::Badge],
        limit: 4,
        ..ALL
    };
    let mut seen = Vec::new();
    for expected in [4, 4, 3] {
        let page = page(world, world.tenant.org, &query);
        assert_eq!(page.entries.len(), expected);
        assert_eq!(page.next.is_some(), expected == 4);
        if let Some(next) = page.next {
            assert_eq!(Some(next), page.entries.last().map(|it| it.id));
        }
        query.after = page.next;
        seen.extend(page.entries.into_iter().map(|it| it.entry));
    }
    assert_eq!(seen, whole);
    let exactly = AuditQuery {
        limit: 11,
        after: None,
        ..query
    };
    assert_eq!(page(world, world.tenant.org, &exactly).next, None);
}

fn another_orgs_entries_are_in_its_own_trail_alone(world: &World) {
    let other = world.tenant(7);
    let badge = world.draft("Gold");
    write(
        world,
        "Stones",
        &[entry(world, &badge, Action::Create, now())],
    );
    let theirs = page(world, other.org, &ALL).entries;
    let kinds: Vec<_> = theirs.iter().map(|it| it.entry.entity.kind()).collect();
    assert_eq!(kinds, [EntityKind::Client]);
    assert_eq!(theirs[0].entry.org, other.org);
    assert_eq!(found(world, &ALL).len(), 1);
}

fn what_is_refused_is_not_told(world: &World) {
    let badge = world.badge("Gold");
    let told_of = [entry(world, &badge, Action::Update, now())];
    let badges = &world.stores.badges;
    let same_name = badges.create(&world.draft("Gold"), None, &told_of);
    assert!(matches!(same_name, Err(CreateBadgeError::NameTaken)));
    let mut stale = world.edit_request(&badge, BadgeEdit::Activity(false));
    stale.version = BadgeVersion(7);
    stale.entries = told_of.to_vec();
    assert!(matches!(badges.edit(&stale), Err(EditBadgeError::Changed)));
    let catalogue = &world.stores.catalogue;
    let metals = group(world, world.tenant, "Metals");
    catalogue.create_group(&metals, None, &[]).unwrap();
    let again = group(world, world.tenant, "Metals");
    let same_name = catalogue.create_group(&again, None, &told_of);
    assert!(matches!(same_name, Err(SaveError::NameTaken)));
    let changed = catalogue.save_group(&again, &metals, None, &told_of);
    assert!(matches!(changed, Err(SaveError::Changed)));
    let key = world.record("key");
    world.stores.idempotency.remember(&key).unwrap().unwrap();
    let used = catalogue.create_field(&custom_field(world), Some(&key), &told_of);
    assert!(matches!(used, Err(SaveError::IdempotencyKeyUsed)));
    let nobody_has_it = world.revoking(&badge, 1, world.ids.object_id().into());
    world.revoke_earn(&nobody_has_it).unwrap_err();
    world
        .unenrol(&world.unenrolling(&badge, &[(1, None)]))
        .unwrap();
    assert_eq!(told(world), [""; 0]);
}

fn what_changes_a_badge_or_what_is_around_it_is_told_as_it_is_given(world: &World) {
    let badge = world.draft("Gold");
    let told_of = |action| [entry(world, &badge, action, now())];
    let (badges, catalogue) = (&world.stores.badges, &world.stores.catalogue);
    badges
        .create(&badge, None, &told_of(Action::Create))
        .unwrap();
    let mut edit = world.edit_request(&badge, BadgeEdit::Activity(false));
    edit.entries = [told_of(Action::Update), told_of(Action::Deactivate)].concat();
    badges.edit(&edit).unwrap();
    let field = custom_field(world);
    catalogue
        .create_field(&field, None, &told_of(Action::Claim))
        .unwrap();
    let disabled = CustomField {
        active: false,
        ..field.clone()
    };
    catalogue
        .save_field(&field, &disabled, None, &told_of(Action::Unclaim))
        .unwrap();
    let actions = ["CREATE", "UPDATE", "DEACTIVATE", "CLAIM", "UNCLAIM"];
    let expected = actions.map(|action| format!("{action} BADGE {}", badge.id));
    assert_eq!(told(world), expected);
}

fn identifiers(identifiers: [Option<&str>; 2]) -> Identifiers {
    let [email, mobile] = identifiers.map(|it| it.map(|text| text.try_into().unwrap()));
    Identifiers {
        email,
        mobile,
        ..Identifiers::default()
    }
}

fn of_identifiers_it_is_told_whose_and_of_which_kinds_they_changed(world: &World) {
    let put = |entries: &[(i64, [Option<&str>; 2])]| {
        let entries: Vec<_> = (entries.iter())
            .map(|(number, texts)| DirectoryEntry {
                customer: customer(*number),
                identifiers: identifiers(*texts),
            })
            .collect();
        let by = world.tenant.by(Some("tag"));
        (world.stores.directory).put(world.tenant.org, &entries, &by, None)
    };
    let changed = |world: &World| {
        let mut entries = found(world, &ALL);
        entries.reverse();
        let said = |entry: &Entry| {
            assert_eq!(
                (entry.action, &entry.by),
                (Action::Update, &world.tenant.by(Some("tag")))
            );
            assert_eq!(entry.entity.kind(), EntityKind::Customer);
            let fields = entry.change.hidden.iter().map(|field| field.name());
            (entry.entity.id().to_owned(), fields.collect::<Vec<_>>())
        };
        entries.iter().map(said).collect::<Vec<_>>()
    };
    let of = |number: i64, kinds: &[&'static str]| (number.to_string(), kinds.to_vec());
    let mut expected = vec![of(2, &["email", "mobile"]), of(1, &["email"])];
    put(&[
        (2, [Some("a@x"), Some("+1")]),
        (1, [Some("b@x"), None]),
        (3, [None, None]),
    ])
    .unwrap();
    assert_eq!(changed(world), expected);
    // The same once more, and one that is taken.
    put(&[(2, [Some("a@x"), Some("+1")]), (1, [Some("b@x"), None])]).unwrap();
    assert!(matches!(
        put(&[(4, [Some("b@x"), None])]),
        Err(DirectoryError::Taken(_))
    ));
    assert_eq!(changed(world), expected);
    // Two change places, and one loses one.
    put(&[(1, [Some("a@x"), None]), (2, [Some("b@x"), None])]).unwrap();
    expected.extend([of(1, &["email"]), of(2, &["email", "mobile"])]);
    assert_eq!(changed(world), expected);
}

fn each_enrolment_that_is_revoked_is_told_with_who_did_it_and_why(world: &World) {
    let badge = world.badge("Gold");
    let request = world.request(&badge, 1..=300);
    world.enrol(&request).unwrap();
    let targets: Vec<_> = (1..=301).map(|number| (number, None)).collect();
    let mut revocation = world.unenrolling(&badge, &targets);
    let reason = Reason::try_from("by mistake").unwrap();
    revocation.reason = Some(reason.clone());
    revocation.context.tag = "tag-1".try_into().ok();
    let revoked = world.unenrol(&revocation).unwrap();
    let mut entries = found(world, &ALL);
    entries.reverse();
    let expected: Vec<_> = (revoked.iter())
        .filter(|it| it.refused.is_none())
        .filter_map(|it| it.enrolment)
        .map(|id| {
            let by = world.tenant.by(Some("tag-1"));
            Entry::new(badge.org, &by, id, Action::Revoke, Change::default())
                .with_reason(Some(&reason))
        })
        .collect();
    assert_eq!(expected.len(), 300);
    assert_eq!(entries, expected);
    let record = &world.details(&badge, 7).enrolments.items[0];
    assert_eq!(record.revoked_by, Some(world.tenant.actor));
    assert_eq!(record.revoke_reason, Some(reason));
    // Nothing is left to be revoked.
    world.unenrol(&world.unenrolling(&badge, &targets)).unwrap();
    assert_eq!(found(world, &ALL).len(), 300);
}

fn an_earn_that_is_revoked_is_told_with_who_did_it_and_why(world: &World) {
    let badge = world.direct("Gold");
    let [with, without] = [1, 2].map(|number| world.earned_by(&badge, number));
    let mut revocation = world.revoking(&badge, 1, with);
    let reason = Reason::try_from("by mistake").unwrap();
    revocation.reason = Some(reason.clone());
    world.revoke_earn(&revocation).unwrap();
    world
        .revoke_earn(&world.revoking(&badge, 2, without))
        .unwrap();
    world.revoke_earn(&revocation).unwrap_err();
    let reasons: Vec<_> = (found(world, &ALL).into_iter())
        .map(|entry| (entry.action, entry.entity, entry.reason))
        .collect();
    let expected = [
        (Action::Revoke, without.into(), None),
        (Action::Revoke, with.into(), Some(reason.clone())),
    ];
    assert_eq!(reasons, expected);
    let record = |number| world.details(&badge, number).earns.items[0].clone();
    assert_eq!(record(1).revoke_reason, Some(reason));
    assert_eq!(record(2).revoke_reason, None);
    assert_eq!(record(2).revoked_by, Some(world.tenant.actor));
}

fn an_import_is_told_once_unless_it_recorded_nothing(world: &World) {
    let badge = world.badge("Gold");
    let request = world.importing(&badge, &[(1, second(5)), (2, second(6))]);
    world.import(&request).unwrap();
    world.import(&request).unwrap_err();
    world.import(&world.importing(&badge, &[])).unwrap();
    let entries = found(world, &ALL);
    assert_eq!(
        told(world),
        [format!("CREATE IMPORT {}", request.request_id)]
    );
    assert_eq!(entries[0].change, Change::to(State::Imported(2)));
}

fn enrolling_and_earning_are_not_told(world: &World) {
    let badge = world.badge("Gold");
    world.enrol(&world.request(&badge, [1, 2])).unwrap();
    world.earned_by(&world.direct("Silver"), 1);
    assert_eq!(told(world), [""; 0]);
}

fn whatever_changes_a_client_is_told_and_no_secret(world: &World) {
    let access = &world.stores.access;
    let key = ClientKey::try_from("key").unwrap();
    let by = world.tenant.by(None);
    let new = NewClient {
        org: world.tenant.org,
        name: "Desk".try_into().unwrap(),
        key: key.clone(),
        groups: AccessGroups::DEFAULT,
        owner: None,
        secret: Secret::presented("first").hash(),
        created: by.clone(),
    };
    let number = access.create_client(&new).unwrap();
    let taken = access.create_client(&new);
    assert!(matches!(taken, Err(CreateClientError::KeyTaken)));
    let unknown = access.finish_rotation(&key, &by);
    assert!(matches!(unknown, Err(UnknownClient::Unknown)));
    let second = Secret::presented("second").hash();
    access.begin_rotation(&key, &second, &by).unwrap();
    access.finish_rotation(&key, &by).unwrap();
    let change = BoundsChange {
        requests_per_minute: Some(NonZeroU32::new(600)),
        ..BoundsChange::default()
    };
    access.set_bounds(&key, &change, &by).unwrap();
    access.set_bounds(&key, &change, &by).unwrap();
    access.note_uses(&[number], now()).unwrap();
    access.revoke(&key, &by).unwrap();
    access.revoke(&key, &by).unwrap_err();
    let org = access.orgs().unwrap().remove(0);
    let exists = access.create_org(&org, now());
    assert!(matches!(exists, Err(CreateOrgError::Exists)));
    let mut entries = found(world, &ALL);
    entries.reverse();
    let entry = |action, change| Entry::new(world.tenant.org, &by, number, action, change);
    let state = State::Client(ClientState::new(new.name.clone(), new.groups.names()));
    let bounded = State::Client(ClientState {
        requests_per_minute: Some(600),
        ..ClientState::new(new.name.clone(), new.groups.names())
    });
    let (first, next) = (HiddenField::Secret, HiddenField::NextSecret);
    let expected = [
        entry(Action::Create, Change::to(state.clone())),
        entry(Action::Rotate, Change::hidden(vec![next])),
        entry(Action::Rotate, Change::hidden(vec![first, next])),
        entry(Action::Update, Change::between(state, bounded)),
        entry(Action::Revoke, Change::default()),
    ];
    assert_eq!(entries, expected);
}

fn the_feed_has_the_reason_of_a_revocation_too(world: &World) {
    let [enrolled, earned] = [world.badge("Gold"), world.direct("Silver")];
    world.enrol(&world.request(&enrolled, [1])).unwrap();
    let mut unenrolling = world.unenrolling(&enrolled, &[(1, None)]);
    let mut revoking = world.revoking(&earned, 1, world.earned_by(&earned, 1));
    let reason = Reason::try_from("by mistake").ok();
    (unenrolling.reason, revoking.reason) = (reason.clone(), reason.clone());
    let before = world.events().len();
    world.unenrol(&unenrolling).unwrap();
    world.revoke_earn(&revoking).unwrap();
    let reasons = world
        .facts_since(before)
        .into_iter()
        .map(|fact| match fact {
            Fact::EnrolmentRevoked(fact) => fact.reason,
            Fact::EarnRevoked(fact) => fact.reason,
            other => panic!("{other:?}"),
        });
    assert!(reasons.eq([reason.clone(), reason]));
}

fn of_revocations_at_once_one_is_told(world: &World) {
    let badge = world.badge("Gold");
    world.enrol(&world.request(&badge, [1, 2, 3])).unwrap();
    let requests: Vec<_> = (0..6)
        .map(|_| world.unenrolling(&badge, &[(1, None), (2, None), (3, None)]))
        .collect();
    let servers = world.servers();
    race(6, |i| {
        servers[i % 2]
            .enrolments
            .revoke(&requests[i])
            .unwrap()
            .unwrap()
    });
    assert_eq!(found(world, &ALL).len(), 3);
}

fn the_extremes_of_time_are_kept(world: &World) {
    let badge = world.draft("Gold");
    let extremes = [
        Instant::MIN,
        at("2026-05-01T00:00:00.000001Z"),
        Instant::MAX,
    ];
    let entries = extremes.map(|on| entry(world, &badge, Action::Create, on));
    write(world, "Stones", &entries);
    let mut moments: Vec<_> = found(world, &ALL).iter().map(|it| it.by.on).collect();
    moments.reverse();
    assert_eq!(moments, extremes);
}

sentences! {
    entries_are_found_as_they_were_written_the_last_first
    each_filter_leaves_out_what_it_does_not_name
    pages_follow_each_other_and_the_last_says_so
    another_orgs_entries_are_in_its_own_trail_alone
    what_is_refused_is_not_told
    what_changes_a_badge_or_what_is_around_it_is_told_as_it_is_given
    of_identifiers_it_is_told_whose_and_of_which_kinds_they_changed
    each_enrolment_that_is_revoked_is_told_with_who_did_it_and_why
    an_earn_that_is_revoked_is_told_with_who_did_it_and_why
    an_import_is_told_once_unless_it_recorded_nothing
    enrolling_and_earning_are_not_told
    whatever_changes_a_client_is_told_and_no_secret
    the_feed_has_the_reason_of_a_revocation_too
    of_revocations_at_once_one_is_told
    the_extremes_of_time_are_kept
}
