//! Rules for approval, and what waits by them.

use accolade_application::access::AccessGroups;
use accolade_application::answer::Answer;
use accolade_application::approvals::{Basis, Effect, HeldCommand, Subject, change_pending};
use accolade_application::enrolment::EnrolCustomers;
use accolade_application::people::EraseCustomer;
use accolade_application::ports::{
    AuditQuery, ChangeCursor, ChangeQuery, EnrolmentRequest, EraseRequest, IdSource as _,
    NewChange, Operation, PutRules, PutRulesError, RecordError, RequestQuery, RequestSort,
    RulesVersion, SaveChange, SaveChangeError, SortOrder, StoredChange, SubmitError,
    VersionedRules,
};
use accolade_application::webhooks::CreateWebhook;
use accolade_domain::approval::{
    ApprovalRules, Approvals, Change, ChangeId, ChangeState, Decision, ExpiresAfter, Rule,
    RuledOperation, Vote,
};
use accolade_domain::audit::{EntityKind, Entry, telling};
use accolade_domain::event::{ChangeFact, Fact};
use accolade_domain::instant::Instant;
use accolade_domain::listing::PageOf;
use accolade_domain::text::RequestId;
use accolade_domain::webhook::{HeaderName, HeaderValue, WebhookDraft};
use time::Duration;

use crate::World;
use crate::fixtures::{customer, customers, now};
use crate::race::{only_winner, race};
use crate::world::{Tenant, enrol_on};

/// A change of `tenant` that enrols these customers, made so many minutes after now.
fn change_of(world: &World, tenant: Tenant, numbers: &[i64], minutes: i64) -> NewChange {
    let created_on = now() + Duration::minutes(minutes);
    let command = EnrolCustomers {
        badge: world.ids.object_id().into(),
        customers: customers(numbers.iter().copied()).into(),
        request_id: None,
        event_on: None,
        triggered_by: None,
        by_hand: None,
    };
    NewChange {
        stored: StoredChange {
            change: Change {
                org: tenant.org,
                id: ChangeId(world.ids.uuid()),
                operation: RuledOperation::Enrol,
                state: ChangeState::Pending,
                maker: tenant.actor,
                created_on,
                expires_on: created_on + Duration::HOUR,
                approvals: Approvals::try_from(2).unwrap(),
                votes: Vec::new(),
                ended_on: None,
            },
            version: 1,
            command: Some(command.into()),
            groups: AccessGroups::DEFAULT,
            basis: Basis::Badge("tag".to_owned()),
            then: Some(Effect::Refused(Vec::new())),
            result: None,
        },
        subjects: Vec::new(),
        idempotency: None,
        entries: Vec::new(),
    }
}

fn change(world: &World, minutes: i64) -> NewChange {
    change_of(world, world.tenant, &[1, 2], minutes)
}

/// A change that enrols under this request id.
fn enrolling(world: &World, id: &RequestId) -> NewChange {
    NewChange {
        subjects: vec![Subject::request(Operation::IssueBulk, id)],
        ..change(world, 0)
    }
}

fn submitted(world: &World, minutes: i64) -> StoredChange {
    let new = change(world, minutes);
    world.stores.changes.submit(&new).unwrap();
    new.stored
}

fn found(world: &World, change: &StoredChange) -> StoredChange {
    let (org, id) = (change.change.org, change.change.id);
    world.stores.changes.change(org, id).unwrap().unwrap()
}

/// `stored` once it has ended so, with one vote.
fn ended(stored: &StoredChange, state: ChangeState) -> SaveChange {
    let mut after = stored.clone();
    let on = now() + Duration::MINUTE;
    after.change.votes.push(Vote {
        actor: stored.change.maker,
        decision: Decision::Approved,
        comment: Some("As agreed".try_into().unwrap()),
        voted_on: on,
    });
    after.change = after.change.ended(state, on);
    after.result = Some(Effect::Answer {
        answer: Box::new(Answer::Forgotten),
        warnings: Vec::new(),
        recorded: true,
    });
    SaveChange {
        told: Some(ChangeFact::of(&after.change, None)),
        after,
        now: on,
        idempotency: None,
        entries: Vec::new(),
    }
}

fn rule(operation: RuledOperation) -> Rule {
    Rule {
        operation,
        above_rows: 7,
        approvals: Approvals::ONE,
        expires_after: ExpiresAfter::WEEK,
    }
}

fn rules(operation: RuledOperation) -> ApprovalRules {
    ApprovalRules::new(vec![rule(operation)]).unwrap()
}

fn put(world: &World, rules: ApprovalRules, before: i64) -> PutRules {
    PutRules {
        org: world.tenant.org,
        rules,
        before: RulesVersion(before),
        idempotency: None,
        entries: Vec::new(),
    }
}

/// Everything in the audit trail of the world's org but its client, in order.
fn audited(world: &World) -> Vec<Entry> {
    let query = AuditQuery {
        kinds: vec![EntityKind::ApprovalRules, EntityKind::Change],
        entity_id: None,
        actor: None,
        actions: Vec::new(),
        from: None,
        to: None,
        after: None,
        limit: 1_000,
    };
    let page = world
        .stores
        .audit
        .entries(world.tenant.org, &query)
        .unwrap();
    page.entries.into_iter().map(|it| it.entry).rev().collect()
}

fn an_org_has_no_rules_of_version_0_until_some_are_put(world: &World) {
    let changes = &world.stores.changes;
    let org = world.tenant.org;
    assert_eq!(changes.rules(org).unwrap(), VersionedRules::default());
    let put = put(world, rules(RuledOperation::Enrol), 0);
    assert_eq!(changes.put_rules(&put).unwrap(), RulesVersion(1));
    let expected = VersionedRules {
        rules: put.rules,
        version: RulesVersion(1),
        has_subjects: false,
    };
    assert_eq!(changes.rules(org).unwrap(), expected);
    let other = world.tenant(7).org;
    assert_eq!(changes.rules(other).unwrap(), VersionedRules::default());
}

fn with_its_rules_an_org_tells_whether_anything_waits(world: &World) {
    let changes = &world.stores.changes;
    let has_subjects = |tenant: Tenant| changes.rules(tenant.org).unwrap().has_subjects;
    submitted(world, 0);
    assert!(!has_subjects(world.tenant));
    let new = enrolling(world, &world.request_id());
    changes.submit(&new).unwrap();
    assert!(has_subjects(world.tenant));
    assert!(!has_subjects(world.tenant(7)));
    let save = ended(&new.stored, ChangeState::Withdrawn);
    changes.save_change(&save).unwrap();
    assert!(!has_subjects(world.tenant));
}

fn rules_are_replaced_from_the_version_that_they_have(world: &World) {
    let changes = &world.stores.changes;
    let enrol = rules(RuledOperation::Enrol);
    changes.put_rules(&put(world, enrol.clone(), 0)).unwrap();
    for before in [0, 2] {
        let put = put(world, rules(RuledOperation::Earn), before);
        let refused = changes.put_rules(&put);
        assert!(
            matches!(refused, Err(PutRulesError::Changed)),
            "{refused:?}"
        );
    }
    assert_eq!(changes.rules(world.tenant.org).unwrap().rules, enrol);
    let none = put(world, ApprovalRules::default(), 1);
    assert_eq!(changes.put_rules(&none).unwrap(), RulesVersion(2));
}

fn of_rules_that_race_from_one_version_one_is_put(world: &World) {
    let servers = world.servers();
    for round in 0..5 {
        let put = put(world, rules(RuledOperation::Enrol), round);
        let results = race(4, |i| servers[i % 2].changes.put_rules(&put));
        only_winner(&results, |it| matches!(it, PutRulesError::Changed));
    }
}

fn rules_are_put_under_a_key_once_and_told_once(world: &World) {
    let changes = &world.stores.changes;
    let org = world.tenant.org;
    let mut put = put(world, rules(RuledOperation::Enrol), 0);
    let (none, by) = (ApprovalRules::default(), world.tenant.by(Some("r")));
    put.entries = telling::rules_replaced(org, &none, &put.rules, &by)
        .into_iter()
        .collect();
    put.idempotency = Some(world.record("k"));
    changes.put_rules(&put).unwrap();
    put.before = RulesVersion(1);
    let again = changes.put_rules(&put);
    assert!(matches!(again, Err(PutRulesError::IdempotencyKeyUsed)));
    assert_eq!(world.remembered("k"), put.idempotency);
    assert_eq!(audited(world), put.entries);
}

fn what_other_rules_have_let_through_is_not_recorded(world: &World) {
    let badge = world.badge("Gold");
    let mut request = world.request(&badge, [1]);
    request.context.rules = Some(RulesVersion(0));
    world.enrol(&request).unwrap();
    let put = put(world, rules(RuledOperation::Earn), 0);
    world.stores.changes.put_rules(&put).unwrap();
    let mut request = world.request(&badge, [2]);
    request.context.rules = Some(RulesVersion(0));
    assert_eq!(world.enrol(&request), Err(RecordError::RulesChanged));
    request.context.rules = Some(RulesVersion(1));
    world.enrol(&request).unwrap();
    let mut request = world.request(&badge, [3]);
    request.context.rules = None;
    world.enrol(&request).unwrap();
}

fn once_rules_are_put_nothing_is_recorded_by_those_before(world: &World) {
    let servers = world.servers();
    let badge = world.badge("Gold");
    let org = world.tenant.org;
    for round in 0..10 {
        let put = put(world, rules(RuledOperation::Enrol), round);
        let counts = race(5, |i| {
            if i == 0 {
                servers[0].changes.put_rules(&put).unwrap();
                let found = servers[0].badges.find_counted(org, badge.id).unwrap();
                return found.unwrap().counts.issued;
            }
            let mut recorded = 0;
            let first = (round * 5 + i64::try_from(i).unwrap()) * 1_000_000;
            loop {
                let mut request = world.request(&badge, [first + i64::try_from(recorded).unwrap()]);
                request.context.rules = Some(RulesVersion(round));
                match enrol_on(&servers[i % 2], &request) {
                    Ok(_) => recorded += 1,
                    Err(RecordError::RulesChanged) => return recorded,
                    Err(error) => panic!("{error:?}"),
                }
            }
        });
        assert_eq!(world.issued(&badge), counts[0], "round {round}: {counts:?}");
    }
}

fn what_waits_under_a_request_id_is_not_recorded_under_it(world: &World) {
    let changes = &world.stores.changes;
    let badge = world.badge("Gold");
    let enrolment = |number, rules| {
        let mut request = world.request(&badge, [number]);
        request.context.rules = rules;
        request
    };
    let by = Some(RulesVersion(0));
    let request = enrolment(1, by);
    let new = enrolling(world, &request.request_id);
    changes.submit(&new).unwrap();
    let refused = RecordError::Refused(change_pending());
    assert_eq!(world.enrol(&request), Err(refused));

    // Another id, another operation, another org, and what asks no rules.
    world.enrol(&enrolment(2, by)).unwrap();
    let mut earn = world.one(&world.direct("Silver"), 1);
    earn.request_id = request.request_id.clone();
    earn.context.rules = by;
    world.earn(&earn).unwrap();
    let mut theirs = world.request(&world.badge_of(world.tenant(7), "Gold"), [1]);
    theirs.request_id = request.request_id.clone();
    theirs.context.rules = by;
    world.enrol(&theirs).unwrap();
    let mut admitted = enrolment(3, None);
    let other = enrolling(world, &admitted.request_id);
    changes.submit(&other).unwrap();
    world.enrol(&admitted).unwrap();
    // What is recorded already says that first.
    admitted.context.rules = by;
    let again = world.enrol(&admitted);
    assert_eq!(again, Err(RecordError::RequestIdUsed));

    // Once it does not wait any more.
    let mut late = enrolment(4, by);
    late.context.now = new.stored.change.expires_on;
    let over = enrolling(world, &late.request_id);
    changes.submit(&over).unwrap();
    world.enrol(&late).unwrap();
    let save = ended(&new.stored, ChangeState::Rejected);
    changes.save_change(&save).unwrap();
    world.enrol(&request).unwrap();
}

fn once_a_change_is_submitted_nobody_is_recording_under_its_request_id(world: &World) {
    let servers = world.servers();
    let badge = world.badge("Gold");
    let org = world.tenant.org;
    for round in 0..20 {
        let requests: Vec<_> = (1..5)
            .map(|racer| {
                let mut request = world.request(&badge, [round * 5 + racer]);
                request.context.rules = Some(RulesVersion(0));
                request
            })
            .collect();
        let subject =
            |it: &EnrolmentRequest| Subject::request(Operation::IssueBulk, &it.request_id);
        let new = NewChange {
            subjects: requests.iter().map(subject).collect(),
            ..change(world, 0)
        };
        let issued = race(5, |i| {
            let Some(request) = i.checked_sub(1).map(|at| &requests[at]) else {
                servers[0].changes.submit(&new).unwrap();
                let found = servers[0].badges.find_counted(org, badge.id).unwrap();
                return found.unwrap().counts.issued;
            };
            match enrol_on(&servers[i % 2], request) {
                Ok(_) => 1,
                Err(error) => {
                    assert_eq!(error, RecordError::Refused(change_pending()));
                    0
                }
            }
        });
        assert_eq!(world.issued(&badge), issued[0], "round {round}: {issued:?}");
    }
}

fn a_change_is_found_as_it_was_submitted(world: &World) {
    let new = change(world, 0);
    world.stores.changes.submit(&new).unwrap();
    assert_eq!(found(world, &new.stored), new.stored);
    let stranger = world.tenant(7).org;
    let id = new.stored.change.id;
    assert_eq!(world.stores.changes.change(stranger, id).unwrap(), None);
    let fact = Fact::Change(ChangeFact::of(&new.stored.change, None));
    assert_eq!(world.facts_since(0), [fact]);
}

fn secrets_of_a_command_are_kept(world: &World) {
    let mut new = change(world, 0);
    let name = HeaderName::try_from("x-api-key").unwrap();
    let value = HeaderValue::try_from("a secret of the receiver").unwrap();
    let command = CreateWebhook {
        url: "https://example.org/hook".try_into().unwrap(),
        draft: WebhookDraft {
            rate_per_second: Some(None),
            ..WebhookDraft::default()
        },
        headers: [(name, value)].into(),
    };
    new.stored.command = Some(command.into());
    world.stores.changes.submit(&new).unwrap();
    assert_eq!(found(world, &new.stored), new.stored);
}

fn a_subject_is_one_changes_until_that_does_not_wait_any_more(world: &World) {
    let changes = &world.stores.changes;
    let subject = Subject::badge(world.ids.object_id().into());
    let about = |minutes| NewChange {
        subjects: vec![subject.clone()],
        ..change(world, minutes)
    };
    let first = about(0);
    let (org, until) = (world.tenant.org, first.stored.change.expires_on);
    let is_pending = |on| changes.is_pending(org, &subject, on).unwrap();
    assert!(!is_pending(now()));
    changes.submit(&first).unwrap();
    assert!(is_pending(now()) && is_pending(until - Duration::MICROSECOND) && !is_pending(until));
    let second = changes.submit(&about(1));
    assert!(matches!(second, Err(SubmitError::Pending)), "{second:?}");
    let stranger = world.tenant(7);
    let theirs = NewChange {
        subjects: vec![subject.clone()],
        ..change_of(world, stranger, &[1], 0)
    };
    changes.submit(&theirs).unwrap();

    // By its end, whether or not anybody has written that down; and by a decision.
    let third = about(60);
    changes.submit(&third).unwrap();
    let save = ended(&third.stored, ChangeState::Rejected);
    changes.save_change(&save).unwrap();
    assert!(!is_pending(now() + Duration::minutes(61)));
    changes.submit(&about(62)).unwrap();
    // The end of the first, written down late, frees nothing of the last.
    let late = ended(&first.stored, ChangeState::Expired);
    changes.save_change(&late).unwrap();
    assert!(is_pending(now() + Duration::minutes(63)));
}

fn of_changes_that_race_about_one_subject_one_is_submitted(world: &World) {
    let servers = world.servers();
    for _ in 0..5 {
        let subjects = vec![
            Subject::badge(world.ids.object_id().into()),
            Subject::badge(world.ids.object_id().into()),
        ];
        let results = race(6, |i| {
            let mut new = change(world, 0);
            new.subjects.clone_from(&subjects);
            if i % 2 == 0 {
                new.subjects.reverse();
            }
            servers[i % 2].changes.submit(&new)
        });
        only_winner(&results, |it| matches!(it, SubmitError::Pending));
    }
}

fn a_change_is_submitted_under_a_key_once(world: &World) {
    let changes = &world.stores.changes;
    let under = |key| NewChange {
        idempotency: Some(world.record(key)),
        ..change(world, 0)
    };
    let first = under("k");
    changes.submit(&first).unwrap();
    let again = changes.submit(&under("k"));
    assert!(matches!(again, Err(SubmitError::IdempotencyKeyUsed)));
    assert_eq!(world.remembered("k"), first.idempotency);
    assert_eq!(world.facts_since(0).len(), 1);
}

fn what_becomes_of_a_change_is_saved_from_the_version_that_it_has(world: &World) {
    let changes = &world.stores.changes;
    let stored = submitted(world, 0);
    let by = world.tenant.by(Some("r"));
    let mut save = ended(&stored, ChangeState::Approved);
    save.entries = vec![telling::change_failed(&stored.change, &by)];
    save.idempotency = Some(world.record("k"));
    changes.save_change(&save).unwrap();
    let expected = StoredChange {
        version: 2,
        ..save.after.clone()
    };
    assert_eq!(found(world, &stored), expected);
    let fact = Fact::Change(ChangeFact::of(&expected.change, None));
    assert_eq!(world.facts_since(1), [fact]);
    assert_eq!(audited(world), save.entries);
    assert_eq!(world.remembered("k"), save.idempotency);

    let again = changes.save_change(&save);
    assert!(matches!(again, Err(SaveChangeError::IdempotencyKeyUsed)));
    save.idempotency = None;
    let again = changes.save_change(&save);
    assert!(matches!(again, Err(SaveChangeError::Changed)), "{again:?}");
    assert_eq!(found(world, &stored), expected);
}

fn of_those_who_save_one_version_one_does(world: &World) {
    let servers = world.servers();
    for _ in 0..5 {
        let stored = submitted(world, 0);
        let states = [ChangeState::Approved, ChangeState::Withdrawn];
        let results = race(6, |i| {
            let save = ended(&stored, states[i % 2]);
            servers[i % 2].changes.save_change(&save)
        });
        let winner = only_winner(&results, |it| matches!(it, SaveChangeError::Changed));
        assert_eq!(found(world, &stored).change.state, states[winner % 2]);
    }
}

fn query(limit: u32) -> ChangeQuery {
    ChangeQuery {
        now: now(),
        states: Vec::new(),
        operations: Vec::new(),
        after: None,
        limit,
    }
}

fn changes_are_listed_newest_first_page_by_page(world: &World) {
    let mut all: Vec<_> = [0, 3, 1, 3, 2]
        .map(|minutes| submitted(world, minutes))
        .into();
    world
        .stores
        .changes
        .submit(&change_of(world, world.tenant(7), &[1], 0))
        .unwrap();
    all.sort_by_key(|it| std::cmp::Reverse((it.change.created_on, it.change.id)));
    let mut after: Option<ChangeCursor> = None;
    let mut listed = Vec::new();
    for expected in [2, 2, 1] {
        let asked = ChangeQuery { after, ..query(2) };
        let page = world
            .stores
            .changes
            .changes(world.tenant.org, &asked)
            .unwrap();
        assert_eq!(page.changes.len(), expected);
        listed.extend(page.changes);
        after = page.next;
    }
    assert_eq!((after, listed), (None, all));
}

fn changes_are_listed_by_state_and_operation_at_the_moment(world: &World) {
    let changes = &world.stores.changes;
    let old = submitted(world, -120);
    let waiting = submitted(world, 0);
    let rejected = submitted(world, 1);
    let save = ended(&rejected, ChangeState::Rejected);
    changes.save_change(&save).unwrap();
    let listed = |states: &[ChangeState], operations: &[RuledOperation]| {
        let asked = ChangeQuery {
            states: states.to_vec(),
            operations: operations.to_vec(),
            ..query(10)
        };
        let page = changes.changes(world.tenant.org, &asked).unwrap();
        let ids = page.changes.iter().map(|it| it.change.id);
        ids.collect::<Vec<_>>()
    };
    let [old, waiting, rejected] = [&old, &waiting, &rejected].map(|it| it.change.id);
    assert_eq!(listed(&[ChangeState::Pending], &[]), [waiting]);
    assert_eq!(listed(&[ChangeState::Expired], &[]), [old]);
    let both = [ChangeState::Expired, ChangeState::Rejected];
    assert_eq!(listed(&both, &[]), [rejected, old]);
    assert_eq!(listed(&[], &[RuledOperation::Earn]), []);
    let some = [RuledOperation::Earn, RuledOperation::Enrol];
    assert_eq!(listed(&[], &some), [rejected, waiting, old]);
}

fn requests_are_listed_by_number_of_page_and_by_when_they_ended(world: &World) {
    let changes = &world.stores.changes;
    // Over an hour after they were made: the first at -1 h, the second is rejected at +1 min.
    let over = submitted(world, -120);
    let rejected = submitted(world, -30);
    changes
        .save_change(&ended(&rejected, ChangeState::Rejected))
        .unwrap();
    let waiting = submitted(world, 0);
    let [over, rejected, waiting] = [over, rejected, waiting].map(|it| it.change.id);
    let base = RequestQuery {
        now: now(),
        states: Vec::new(),
        operations: vec![RuledOperation::Enrol, RuledOperation::Earn],
        maker: None,
        from: None,
        to: None,
        sort: RequestSort::Started,
        order: SortOrder::Descending,
        page: PageOf { page: 0, size: 2 },
    };
    let listed = |asked: &RequestQuery| {
        let page = changes.requests(world.tenant.org, asked).unwrap();
        let ids = page.items.iter().map(|it| it.change.id);
        (ids.collect::<Vec<_>>(), page.total)
    };
    assert_eq!(listed(&base), (vec![waiting, rejected], 3));
    let second = RequestQuery {
        page: PageOf { page: 1, size: 2 },
        ..base.clone()
    };
    assert_eq!(listed(&second), (vec![over], 3));
    let by_end = |order| RequestQuery {
        sort: RequestSort::Ended,
        order,
        page: PageOf { page: 0, size: 10 },
        ..base.clone()
    };
    let ascending = listed(&by_end(SortOrder::Ascending));
    assert_eq!(ascending, (vec![over, rejected, waiting], 3));
    let descending = listed(&by_end(SortOrder::Descending));
    assert_eq!(descending, (vec![waiting, rejected, over], 3));
    let within = RequestQuery {
        from: Some(now() - Duration::minutes(30)),
        to: Some(now()),
        maker: Some(world.tenant.actor),
        ..base.clone()
    };
    assert_eq!(listed(&within), (vec![rejected], 1));
    let strangers = RequestQuery {
        maker: Some(world.tenant(7).actor),
        ..base.clone()
    };
    assert_eq!(listed(&strangers), (vec![], 0));
    let earning = RequestQuery {
        operations: vec![RuledOperation::Earn],
        ..base
    };
    assert_eq!(listed(&earning), (vec![], 0));
}

fn those_that_are_over_are_found_in_all_orgs_until_it_is_written_down(world: &World) {
    let changes = &world.stores.changes;
    let later = submitted(world, -60);
    let first = submitted(world, -120);
    submitted(world, 0);
    let theirs = change_of(world, world.tenant(7), &[1], -90);
    changes.submit(&theirs).unwrap();
    let ids = |limit| {
        let found = changes.overdue_changes(now(), limit).unwrap();
        let ids = found.iter().map(|it| it.change.id);
        ids.collect::<Vec<_>>()
    };
    let expected = [&first, &theirs.stored, &later].map(|it| it.change.id);
    assert_eq!(ids(10), expected);
    assert_eq!(ids(2), expected[..2]);
    changes
        .save_change(&ended(&first, ChangeState::Expired))
        .unwrap();
    assert_eq!(ids(10), expected[1..]);
}

fn an_erased_customer_is_in_no_command_and_in_nothing_that_it_does(world: &World) {
    let changes = &world.stores.changes;
    let several = submitted(world, 0);
    let mut alone = change_of(world, world.tenant, &[2], 1);
    let answer = |number| Effect::Answer {
        answer: Box::new(Answer::CustomerErased(customer(number))),
        warnings: Vec::new(),
        recorded: false,
    };
    alone.stored.then = Some(answer(2));
    changes.submit(&alone).unwrap();
    let mut other = change(world, 2);
    let erase = EraseCustomer {
        customer: customer(3).into(),
    };
    other.stored.command = Some(erase.into());
    other.stored.then = Some(answer(3));
    changes.submit(&other).unwrap();
    let request = EraseRequest {
        org: world.tenant.org,
        region: None,
        customer: customer(2),
        by: world.tenant.by(None),
    };
    world.stores.people.erase(&request).unwrap();

    let Some(HeldCommand::Enrol(left)) = found(world, &several).command else {
        panic!("{several:?}");
    };
    assert_eq!(left.customers, customers([1]).into());
    let left = found(world, &alone.stored);
    assert_eq!(left.command, None);
    let forgotten = Effect::Answer {
        answer: Box::new(Answer::Forgotten),
        warnings: Vec::new(),
        recorded: false,
    };
    assert_eq!(left.then, Some(forgotten));
    assert_eq!(left.change, alone.stored.change);
    assert_eq!(found(world, &other.stored), other.stored);
}

fn what_was_said_of_a_change_goes_with_the_customer_whom_it_was_about_alone(world: &World) {
    let changes = &world.stores.changes;
    let decided = |numbers: &[i64]| {
        let new = change_of(world, world.tenant, numbers, 0);
        changes.submit(&new).unwrap();
        let mut save = ended(&new.stored, ChangeState::Rejected);
        let (before, after) = (&new.stored.change, &save.after.change);
        let by = world.tenant.by(None);
        save.entries = vec![telling::change_voted(before, after, &after.votes[0], &by)];
        changes.save_change(&save).unwrap();
        new.stored
    };
    let (alone, several) = (decided(&[2]), decided(&[1, 2]));
    let request = EraseRequest {
        org: world.tenant.org,
        region: None,
        customer: customer(2),
        by: world.tenant.by(None),
    };
    world.stores.people.erase(&request).unwrap();

    let comment = Some("As agreed".try_into().unwrap());
    let left = [(&alone, None), (&several, comment)];
    for (stored, comment) in left {
        let votes = found(world, stored).change.votes;
        assert_eq!((votes.len(), &votes[0].comment), (1, &comment));
        let id = stored.change.id;
        let told = |it: &Fact| match it {
            Fact::Change(fact) if fact.change == id => fact.comment.clone(),
            _ => None,
        };
        let told: Vec<_> = world.facts_since(0).iter().filter_map(told).collect();
        assert_eq!(told, comment.clone().into_iter().collect::<Vec<_>>());
        let entries = audited(world).into_iter();
        let reasons: Vec<_> = (entries.filter(|it| it.entity == id.into()))
            .map(|it| it.reason)
            .collect();
        assert_eq!(reasons, [comment]);
    }
}

fn a_change_never_expires_whose_end_is_the_end_of_time(world: &World) {
    let mut new = change(world, 0);
    new.stored.change.expires_on = Instant::MAX;
    world.stores.changes.submit(&new).unwrap();
    assert_eq!(found(world, &new.stored), new.stored);
}

sentences! {
    an_org_has_no_rules_of_version_0_until_some_are_put
    with_its_rules_an_org_tells_whether_anything_waits
    rules_are_replaced_from_the_version_that_they_have
    of_rules_that_race_from_one_version_one_is_put
    rules_are_put_under_a_key_once_and_told_once
    what_other_rules_have_let_through_is_not_recorded
    once_rules_are_put_nothing_is_recorded_by_those_before
    what_waits_under_a_request_id_is_not_recorded_under_it
    once_a_change_is_submitted_nobody_is_recording_under_its_request_id
    a_change_is_found_as_it_was_submitted
    secrets_of_a_command_are_kept
    a_subject_is_one_changes_until_that_does_not_wait_any_more
    of_changes_that_race_about_one_subject_one_is_submitted
    a_change_is_submitted_under_a_key_once
    what_becomes_of_a_change_is_saved_from_the_version_that_it_has
    of_those_who_save_one_version_one_does
    changes_are_listed_newest_first_page_by_page
    changes_are_listed_by_state_and_operation_at_the_moment
    requests_are_listed_by_number_of_page_and_by_when_they_ended
    those_that_are_over_are_found_in_all_orgs_until_it_is_written_down
    an_erased_customer_is_in_no_command_and_in_nothing_that_it_does
    what_was_said_of_a_change_goes_with_the_customer_whom_it_was_about_alone
    a_change_never_expires_whose_end_is_the_end_of_time
}
