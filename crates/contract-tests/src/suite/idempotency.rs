//! What is remembered under idempotency keys, and for how long.

use accolade_application::answer::{Answer, BadgeCounts, BadgeView};
use accolade_application::ports::{
    BadgeEdit, BadgeEditRequest, CreateBadgeError, EditBadgeError, EnrolmentBatch, Fingerprint,
    IdempotencyGuard, IdempotencyKey, IdempotencyRecord, RecordError,
};
use accolade_domain::instant::Instant;
use accolade_domain::owner::OwnerType;
use accolade_domain::rejection::{Code, Rejection};
use time::Duration;

use crate::World;
use crate::fixtures::{now, owner};
use crate::race::{only_winner, race};
use crate::world::{Tenant, enrol_on, guard_of};

/// Creates a badge that `record` is remembered with.
fn remember(world: &World, record: &IdempotencyRecord) -> Result<(), CreateBadgeError> {
    let badge = world.draft(world.request_id().as_str());
    world
        .stores
        .badges
        .create(&badge, Some(record), &[])
        .map(drop)
}

fn found(world: &World, guard: &IdempotencyGuard, now: Instant) -> Option<IdempotencyRecord> {
    let store = &world.stores.idempotency;
    store.find(guard.org, guard.actor, &guard.key, now).unwrap()
}

fn moment() -> Duration {
    Duration::microseconds(1)
}

fn a_new_key_stands_for_nothing(world: &World) {
    assert_eq!(world.remembered("key"), None);
}

fn every_answer_is_remembered_as_it_was_given(world: &World) {
    let badge = world.draft("𝄞 \"Gold\"");
    let answers = [
        Answer::Claimed {
            badge: badge.id,
            owner: owner(OwnerType::Loyalty, &"𝄞".repeat(255)),
        },
        Answer::Unclaimed {
            owner: owner(OwnerType::GoodwillModule, "'"),
        },
        Answer::Activity {
            badge: badge.id,
            active: true,
        },
        Answer::Badge(Box::new(BadgeView {
            badge,
            // Each answer is remembered with a badge, and this is the fourth.
            number: Some(4.try_into().unwrap()),
            group: None,
            counts: BadgeCounts {
                issued: u64::MAX,
                earned: 0,
            },
            earning_ends_on: Some(Instant::MAX),
            now: Instant::MIN,
        })),
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        let guard = IdempotencyGuard {
            fingerprint: Fingerprint(std::array::from_fn(|i| u8::try_from(i * 8).unwrap())),
            warnings: vec![
                Rejection::new(Code::UnknownField)
                    .with_message("")
                    .at_field("𝄞.\"x\"[0]"),
                Rejection::new(Code::DatesDisagree),
            ],
            ..world.guard(&format!("key {number}"))
        };
        let record = IdempotencyRecord { guard, answer };
        remember(world, &record).unwrap();
        assert_eq!(found(world, &record.guard, now()), Some(record));
    }
}

fn keys_differ_by_every_character_and_may_have_all_that_can_be_printed(world: &World) {
    let all: String = (b' '..=b'~').map(char::from).collect();
    let longest = "~".repeat(255);
    let keys = [
        "a",
        "A",
        "a ",
        " a",
        " ",
        "%",
        "_",
        "'",
        all.as_str(),
        longest.as_str(),
    ];
    let records = keys.map(|key| world.record(key));
    for record in &records {
        remember(world, record).unwrap();
    }
    for record in records {
        assert_eq!(found(world, &record.guard, now()), Some(record));
    }
    assert_eq!(world.remembered("a_"), None);
}

fn a_key_belongs_to_its_actor_in_its_org(world: &World) {
    let (own, other) = (world.tenant, world.tenant(7));
    let records = [
        (own.org, own.actor),
        (own.org, other.actor),
        (other.org, own.actor),
        (other.org, other.actor),
    ]
    .map(|(org, actor)| {
        let guard = guard_of(Tenant { org, actor }, "key");
        IdempotencyRecord {
            guard,
            ..world.record("key")
        }
    });
    for record in &records {
        assert_eq!(found(world, &record.guard, now()), None);
        remember(world, record).unwrap();
    }
    for record in records {
        assert_eq!(found(world, &record.guard, now()), Some(record));
    }
}

/// In one batch, which reserves its keys together.
fn actors_of_an_org_do_not_share_their_keys(world: &World) {
    let badge = world.badge("Gold");
    let actors = [world.tenant.actor, world.tenant(7).actor];
    let mut batch = EnrolmentBatch::default();
    for (number, actor) in (1..).zip(actors) {
        let mut request = world.request(&badge, [number]);
        request.context.actor = actor;
        request.context.key = Some(IdempotencyGuard {
            actor,
            ..world.guard("key")
        });
        batch.push(request).unwrap();
    }
    let results = world.stores.enrolments.enrol(&batch).unwrap();
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    for (request, actor) in batch.requests().iter().zip(actors) {
        let guard = request.context.key.as_ref().unwrap();
        let Some(record) = found(world, guard, now()) else {
            panic!("nothing is remembered for {actor}");
        };
        let Answer::Enrolment(answer) = record.answer else {
            panic!("{record:?}");
        };
        assert_eq!(answer.request_id, request.request_id);
    }
}

fn a_key_is_remembered_until_it_expires_and_not_at_that_moment(world: &World) {
    let record = world.record("key");
    remember(world, &record).unwrap();
    let end = record.guard.expires_on;
    for (moment, remembered) in [
        (Instant::MIN, true),
        (now(), true),
        (end - moment(), true),
        (end, false),
        (Instant::MAX, false),
    ] {
        assert_eq!(
            found(world, &record.guard, moment).is_some(),
            remembered,
            "{moment}"
        );
    }
}

/// The same key again, used so long after the first expired.
fn later(world: &World, first: &IdempotencyRecord, after: Duration) -> IdempotencyRecord {
    let used_on = first.guard.expires_on + after;
    let record = world.record(first.guard.key.as_str());
    IdempotencyRecord {
        guard: IdempotencyGuard {
            used_on,
            expires_on: used_on + Duration::hours(1),
            fingerprint: Fingerprint([9; 32]),
            ..record.guard
        },
        ..record
    }
}

fn a_key_that_expires_when_it_is_used_again_is_replaced_and_a_moment_earlier_refused(
    world: &World,
) {
    let first = world.record("key");
    remember(world, &first).unwrap();
    let early = later(world, &first, -moment());
    let refused = remember(world, &early);
    assert!(
        matches!(refused, Err(CreateBadgeError::IdempotencyKeyUsed)),
        "{refused:?}"
    );
    assert_eq!(found(world, &first.guard, now()).as_ref(), Some(&first));
    let next = later(world, &first, Duration::ZERO);
    remember(world, &next).unwrap();
    assert_eq!(found(world, &next.guard, next.guard.used_on), Some(next));
}

fn an_expired_key_is_replaced_by_an_edit(world: &World) {
    let first = world.record("key");
    remember(world, &first).unwrap();
    let badge = world.badge("Gold");
    let edit = |record: IdempotencyRecord| {
        let request = world.edit_request(&badge, BadgeEdit::Activity(false));
        let request = BadgeEditRequest {
            idempotency: Some(record),
            ..request
        };
        world.stores.badges.edit(&request)
    };
    let refused = edit(later(world, &first, -moment()));
    assert!(
        matches!(refused, Err(EditBadgeError::IdempotencyKeyUsed)),
        "{refused:?}"
    );
    let next = later(world, &first, moment());
    edit(next.clone()).unwrap();
    assert_eq!(found(world, &next.guard, next.guard.used_on), Some(next));
}

fn an_expired_key_is_replaced_by_an_enrolment(world: &World) {
    let first = world.record("key");
    remember(world, &first).unwrap();
    let badge = world.badge("Gold");
    let request = |record: &IdempotencyRecord| {
        let mut request = world.request(&badge, [1]);
        request.context.key = Some(record.guard.clone());
        request
    };
    let early = request(&later(world, &first, -moment()));
    assert_eq!(world.enrol(&early), Err(RecordError::IdempotencyKeyUsed));
    let next = later(world, &first, moment());
    world.enrol(&request(&next)).unwrap();
    let found = found(world, &next.guard, next.guard.used_on).unwrap();
    assert_eq!(found.guard, next.guard);
    assert!(matches!(found.answer, Answer::Enrolment(_)));
}

fn a_refused_request_does_not_replace_an_expired_key(world: &World) {
    let first = world.record("key");
    remember(world, &first).unwrap();
    let badge = world.badge("Gold");
    let next = later(world, &first, moment());
    let mut stale = world.request(&badge, [1]);
    stale.context.key = Some(next.guard.clone());
    world.edit(&badge, BadgeEdit::Activity(true));
    assert_eq!(world.enrol(&stale), Err(RecordError::BadgeChanged));
    assert_eq!(found(world, &next.guard, next.guard.used_on), None);
    assert_eq!(found(world, &first.guard, now()), Some(first));
}

fn of_requests_that_race_to_replace_an_expired_key_exactly_one_wins(world: &World) {
    let servers = world.servers();
    let badge = world.badge("Gold");
    for round in 0..10 {
        let first = world.record(&format!("key {round}"));
        remember(world, &first).unwrap();
        let next = later(world, &first, moment());
        let results = race(8, |i| {
            let number = i64::try_from(i).unwrap() + 1 + round * 10;
            let mut request = world.request(&badge, [number]);
            request.context.key = Some(next.guard.clone());
            enrol_on(&servers[i % 2], &request)
        });
        only_winner(&results, |error| *error == RecordError::IdempotencyKeyUsed);
    }
    assert_eq!(world.issued(&badge), 10);
}

fn keys_are_text_not_numbers(world: &World) {
    let record = world.record("1");
    remember(world, &record).unwrap();
    for other in ["01", "1.0", "1 "] {
        let key = IdempotencyKey::try_from(other.to_owned()).unwrap();
        let found =
            world
                .stores
                .idempotency
                .find(world.tenant.org, world.tenant.actor, &key, now());
        assert_eq!(found.unwrap(), None);
    }
}

sentences! {
    a_new_key_stands_for_nothing
    every_answer_is_remembered_as_it_was_given
    keys_differ_by_every_character_and_may_have_all_that_can_be_printed
    a_key_belongs_to_its_actor_in_its_org
    actors_of_an_org_do_not_share_their_keys
    a_key_is_remembered_until_it_expires_and_not_at_that_moment
    a_key_that_expires_when_it_is_used_again_is_replaced_and_a_moment_earlier_refused
    an_expired_key_is_replaced_by_an_edit
    an_expired_key_is_replaced_by_an_enrolment
    a_refused_request_does_not_replace_an_expired_key
    of_requests_that_race_to_replace_an_expired_key_exactly_one_wins
    keys_are_text_not_numbers
}
