//! Commands that wait for other people's votes.

use accolade_application::access::{AccessGroups, BoundClient, Caller, ClientKey, Secret};
use accolade_application::answer::Answer;
use accolade_application::approvals::{
    CastVote, ChangeView, DecideRequest, Effect, HeldCommand, PutApprovalRules, SubmitRequest,
    WithdrawChange, change, changes, expire_changes,
};
use accolade_application::badges::{KnownBadges, SetActivity, UpdateBadge, get};
use accolade_application::earning::{EarnBadge, Earners};
use accolade_application::enrolment::{EnrolCustomers, RevokeEnrolments, WhichEnrolments};
use accolade_application::error::UseCaseError;
use accolade_application::group_commit::execute_together;
use accolade_application::operators::PasswordHash;
use accolade_application::people::{EraseCustomer, MergeCustomers};
use accolade_application::ports::{BoundsChange, ChangeQuery, NewClient, NewOperator};
use accolade_application::webhooks::{CreateWebhook, DeleteWebhook, MoveWebhook};
use accolade_application::{Executed, Request};
use accolade_domain::approval::{
    ApprovalRules, Approvals, ChangeId, ChangeState, Decision, ExpiresAfter, Rule, RuledOperation,
};
use accolade_domain::audit::Attribution;
use accolade_domain::badge::BadgeDraft;
use accolade_domain::earning::EventDate;
use accolade_domain::enrolment::Outcome;
use accolade_domain::fixtures::{customer, draft};
use accolade_domain::ids::BadgeId;
use accolade_domain::login::Login;
use accolade_domain::operator::Role;
use accolade_domain::text::RequestId;
use accolade_domain::webhook::{HeaderName, HeaderValue, WebhookDraft};
use time::Duration;

use crate::world::{World, before, codes, command, now};

/// Another client of the world's org.
fn client(world: &World, name: &str, owner: Option<&str>) -> Caller {
    let client = NewClient {
        org: world.caller.org,
        name: name.try_into().unwrap(),
        key: ClientKey::try_from(name).unwrap(),
        groups: AccessGroups::ALL,
        owner: owner.map(|it| Login::try_from(it).unwrap()),
        secret: Secret::presented("secret").hash(),
        created: Attribution::system(world.ports.clock.now()),
    };
    let number = world.ports.stores.access.create_client(&client).unwrap();
    Caller {
        actor: number.into(),
        groups: AccessGroups::ALL,
        ..world.caller.clone()
    }
}

fn rule(operation: RuledOperation) -> Rule {
    Rule {
        operation,
        above_rows: 0,
        approvals: Approvals::ONE,
        expires_after: ExpiresAfter::WEEK,
    }
}

fn put(world: &World, rules: &[Rule]) {
    let rules = ApprovalRules::new(rules.to_vec()).unwrap();
    let put = world.run(PutApprovalRules { rules });
    assert!(matches!(put, Ok(Answer::ApprovalRules(_))), "{put:?}");
}

fn held(answer: Answer) -> ChangeId {
    match answer {
        Answer::Held(held) => held.change,
        other => panic!("not held: {other:?}"),
    }
}

fn view(answer: Answer) -> ChangeView {
    match answer {
        Answer::Change(view) | Answer::Request(view) => *view,
        other => panic!("{other:?}"),
    }
}

fn vote(
    world: &World,
    by: &Caller,
    change: ChangeId,
    decision: Decision,
) -> Result<ChangeView, UseCaseError> {
    let vote = CastVote {
        change,
        decision,
        comment: None,
    };
    world.run_as(by, vote).map(view)
}

fn approve(world: &World, by: &Caller, change: ChangeId) -> Result<ChangeView, UseCaseError> {
    vote(world, by, change, Decision::Approved)
}

fn seen(world: &World, id: ChangeId) -> ChangeView {
    change(&world.ports, &world.caller, id).unwrap()
}

/// The codes of what a change failed of.
fn failure(view: &ChangeView) -> Vec<u32> {
    match &view.result {
        Some(Effect::Refused(problems)) => problems.iter().map(|it| it.code.number()).collect(),
        other => panic!("{other:?}"),
    }
}

/// The names of the kinds of all events of changes and enrolments.
fn told(world: &World) -> Vec<&'static str> {
    use accolade_application::ports::FeedQuery;
    use accolade_domain::event::Position;
    use accolade_domain::instant::Instant;

    let query = FeedQuery {
        org: world.caller.org,
        after: Position::START,
        kept_since: Instant::MIN,
        kinds: [].into(),
        badge: None,
        customer: None,
        limit: 1_000,
    };
    let page = world.ports.stores.events.read(&query).unwrap();
    let kinds = page.events.iter().map(|event| event.kind().name());
    let is_meant = |it: &&str| it.starts_with("change") || it.starts_with("enrolment");
    kinds.filter(is_meant).collect()
}

fn update(badge: BadgeId, name: &str) -> UpdateBadge {
    UpdateBadge {
        badge,
        draft: draft(name),
        unread: Vec::new(),
        active: None,
        migrating: true,
        if_match: None,
    }
}

#[test]
fn a_held_command_is_carried_out_as_its_maker_by_the_last_approval() {
    let world = World::new();
    let badge = world.badge("Gold");
    let twice = Rule {
        approvals: 2.try_into().unwrap(),
        ..rule(RuledOperation::Enrol)
    };
    put(&world, &[twice]);
    let (one, two) = (client(&world, "one", None), client(&world, "two", None));

    let id = held(world.run(command(badge, &[1, 2])).unwrap());
    assert_eq!(world.issued(badge), 0);
    let waiting = seen(&world, id);
    assert_eq!(waiting.state, ChangeState::Pending);
    assert!(matches!(
        waiting.then,
        Some(Effect::Answer {
            recorded: false,
            ..
        })
    ));
    assert!(matches!(
        waiting.now,
        Some(Effect::Answer {
            recorded: false,
            ..
        })
    ));

    let first = approve(&world, &one, id).unwrap();
    assert_eq!((first.state, first.votes.len()), (ChangeState::Pending, 1));
    assert_eq!(world.issued(badge), 0);
    let approved = approve(&world, &two, id).unwrap();
    assert_eq!(approved.state, ChangeState::Approved);
    assert_eq!(world.issued(badge), 2);
    assert_eq!(seen(&world, id), approved);
    let Some(Effect::Answer {
        answer, recorded, ..
    }) = approved.result
    else {
        panic!("{approved:?}");
    };
    assert!(recorded && matches!(*answer, Answer::Enrolment(_)));
    let expected = [
        "change.submitted",
        "change.approved",
        "enrolment.created",
        "enrolment.created",
    ];
    assert_eq!(told(&world), expected);
}

#[test]
fn what_no_rule_names_is_done_at_once_and_so_is_what_is_only_tried() {
    let world = World::new();
    let badge = world.badge("Gold");
    let enrol = |numbers: &[i64]| world.run(command(badge, numbers)).unwrap();
    assert!(matches!(enrol(&[1]), Answer::Enrolment(_)));
    put(&world, &[rule(RuledOperation::Earn)]);
    assert!(matches!(enrol(&[2]), Answer::Enrolment(_)));
    let above = Rule {
        above_rows: 2,
        ..rule(RuledOperation::Enrol)
    };
    put(&world, &[above]);
    assert!(matches!(enrol(&[3, 4]), Answer::Enrolment(_)));
    held(enrol(&[5, 6, 7]));
    let tried = world.try_out(command(badge, &[5, 6, 7])).unwrap();
    assert!(matches!(tried, Answer::Enrolment(_)));
    assert_eq!(world.issued(badge), 4);
}

#[test]
fn what_would_fail_as_a_whole_is_refused_at_once() {
    let world = World::new();
    let badge = world.badge("Gold");
    world.badge("Silver");
    put(
        &world,
        &[
            rule(RuledOperation::Enrol),
            rule(RuledOperation::UpdateBadge),
            rule(RuledOperation::Merge),
        ],
    );
    // A name that is taken only the store knows.
    assert_eq!(codes(world.run(update(badge, "Silver"))), [725]);
    world.deactivate(badge);
    assert_eq!(codes(world.run(command(badge, &[1]))), [1901]);
    let merge = MergeCustomers {
        from: customer(1).into(),
        to: customer(1).into(),
        reason: None,
    };
    assert_eq!(codes(world.run(merge)), [400]);
    let listed = changes(&world.ports, &world.caller, &everything(&world)).unwrap();
    assert_eq!(listed.changes, []);
}

fn everything(world: &World) -> ChangeQuery {
    ChangeQuery {
        now: world.ports.clock.now(),
        states: Vec::new(),
        operations: Vec::new(),
        after: None,
        limit: 100,
    }
}

#[test]
fn what_fails_at_the_approval_is_failed_and_leaves_nothing_else() {
    let world = World::new();
    let badge = world.badge("Gold");
    put(&world, &[rule(RuledOperation::Enrol)]);
    let checker = client(&world, "checker", None);
    let id = held(world.run(command(badge, &[1])).unwrap());
    world.deactivate(badge);
    let failed = approve(&world, &checker, id).unwrap();
    assert_eq!(failed.state, ChangeState::Failed);
    assert_eq!((failure(&failed), failed.votes.len()), (vec![1901], 1));
    assert_eq!(world.issued(badge), 0);
    assert_eq!(told(&world), ["change.submitted", "change.failed"]);
    assert_eq!(codes(approve(&world, &checker, id)), [1963]);
}

#[test]
fn a_badge_that_has_changed_since_is_never_changed_blindly() {
    let world = World::new();
    let badge = world.badge("Gold");
    let checker = client(&world, "checker", None);
    put(&world, &[rule(RuledOperation::UpdateBadge)]);
    let id = held(world.run(update(badge, "Platinum")).unwrap());
    let Some(Effect::Badge { change, .. }) = seen(&world, id).then else {
        panic!("no difference");
    };
    assert!(change.before.is_some() && change.after != change.before);
    put(&world, &[]);
    world.run(update(badge, "Silver")).unwrap();
    let failed = approve(&world, &checker, id).unwrap();
    assert_eq!(
        (failed.state, failure(&failed)),
        (ChangeState::Failed, vec![1968])
    );
    let name = get(&world.ports, &world.caller, badge)
        .unwrap()
        .badge
        .definition
        .name;
    assert_eq!(name.as_str(), "Silver");
}

#[test]
fn an_update_that_was_approved_is_made() {
    let world = World::new();
    let badge = world.badge("Gold");
    let checker = client(&world, "checker", None);
    put(&world, &[rule(RuledOperation::UpdateBadge)]);
    let id = held(world.run(update(badge, "Platinum")).unwrap());
    let approved = approve(&world, &checker, id).unwrap();
    assert_eq!(approved.state, ChangeState::Approved);
    let found = get(&world.ports, &world.caller, badge).unwrap().badge;
    assert_eq!(found.definition.name.as_str(), "Platinum");
    assert_eq!(found.updated_by, world.caller.actor);
}

#[test]
fn only_live_badges_are_held_but_whatever_turns_one_off_is() {
    let world = World::new();
    let upcoming = world.badge_from(BadgeDraft {
        starts_on: Some(crate::world::at("2027-01-01T00:00:00Z")),
        ..draft("Upcoming")
    });
    put(
        &world,
        &[
            rule(RuledOperation::UpdateBadge),
            rule(RuledOperation::DeactivateBadge),
        ],
    );
    let revised = |active| UpdateBadge {
        active,
        draft: BadgeDraft {
            starts_on: Some(crate::world::at("2027-01-01T00:00:00Z")),
            ..draft("Renamed")
        },
        ..update(upcoming, "Renamed")
    };
    let updated = world.run(revised(None)).unwrap();
    assert!(matches!(updated, Answer::Badge(_)), "{updated:?}");
    held(world.run(revised(Some(false))).unwrap());
    let gold = world.badge("Gold");
    let set = |active| SetActivity {
        badge: gold,
        active,
    };
    assert!(matches!(world.run(set(true)), Ok(Answer::Activity { .. })));
    held(world.run(set(false)).unwrap());
}

#[test]
fn one_change_of_a_webhook_of_a_client_and_of_a_person_waits_at_a_time() {
    let world = World::new();
    let create = CreateWebhook {
        url: "https://example.org/hook".try_into().unwrap(),
        draft: WebhookDraft::default(),
        headers: [].into(),
    };
    let Ok(Answer::Webhook(webhook)) = world.run(create) else {
        panic!("no webhook")
    };
    let webhook = webhook.id;
    let clients = ["one", "two"].map(|name| client(&world, name, None).actor);
    let operations = [
        RuledOperation::Webhook,
        RuledOperation::Client,
        RuledOperation::Erase,
        RuledOperation::Merge,
    ];
    put(&world, &operations.map(rule));
    let enable = |enable| MoveWebhook { webhook, enable };
    let bound = |place: usize| BoundClient {
        client: clients[place].number().try_into().unwrap(),
        change: BoundsChange::default(),
    };
    let erase = |number| EraseCustomer {
        customer: customer(number).into(),
    };
    let merge = |from, to| MergeCustomers {
        from: customer(from).into(),
        to: customer(to).into(),
        reason: None,
    };
    for first in [
        world.run(enable(false)),
        world.run(bound(0)),
        world.run(bound(1)),
        world.run(erase(1)),
        world.run(merge(2, 3)),
    ] {
        held(first.unwrap());
    }
    for second in [
        world.run(enable(true)),
        world.run(DeleteWebhook { webhook }),
        world.run(bound(0)),
        world.run(erase(1)),
        world.run(erase(2)),
        world.run(merge(4, 1)),
        world.run(merge(4, 3)),
    ] {
        assert_eq!(codes(second), [1967]);
    }
}

#[test]
fn one_change_of_a_badge_waits_at_a_time_and_one_of_a_request_id() {
    let world = World::new();
    let badge = world.badge("Gold");
    put(
        &world,
        &[
            rule(RuledOperation::UpdateBadge),
            rule(RuledOperation::DeactivateBadge),
            Rule {
                above_rows: 1,
                ..rule(RuledOperation::Enrol)
            },
        ],
    );
    held(world.run(update(badge, "Platinum")).unwrap());
    let off = SetActivity {
        badge,
        active: false,
    };
    assert_eq!(codes(world.run(update(badge, "Silver"))), [1967]);
    assert_eq!(codes(world.run(off)), [1967]);

    let named = |numbers: &[i64]| EnrolCustomers {
        request_id: RequestId::try_from("r").ok(),
        ..command(badge, numbers)
    };
    let id = held(world.run(named(&[1, 2])).unwrap());
    assert_eq!(codes(world.run(named(&[3, 4]))), [1967]);
    // One that need not wait itself, too.
    assert_eq!(codes(world.run(named(&[3]))), [1967]);
    let withdraw = WithdrawChange {
        change: id,
        comment: None,
    };
    assert_eq!(
        view(world.run(withdraw).unwrap()).state,
        ChangeState::Withdrawn
    );
    // It has used up no request id.
    assert!(matches!(world.run(named(&[3])), Ok(Answer::Enrolment(_))));
}

#[test]
fn nobody_decides_what_is_her_own_or_twice_through_whatever_client() {
    let world = World::new();
    let badge = world.badge("Gold");
    let twice = Rule {
        approvals: 2.try_into().unwrap(),
        ..rule(RuledOperation::Enrol)
    };
    put(&world, &[twice]);
    let [mine, also_mine] = ["a", "b"].map(|name| client(&world, name, Some("asha")));
    let [theirs, also_theirs] = ["c", "d"].map(|name| client(&world, name, Some("Ravi")));
    let id = held(world.run_as(&mine, command(badge, &[1])).unwrap());
    for by in [&mine, &also_mine] {
        assert_eq!(codes(approve(&world, by, id)), [1966]);
    }
    approve(&world, &theirs, id).unwrap();
    assert_eq!(codes(approve(&world, &also_theirs, id)), [1963]);
    let withdraw = WithdrawChange {
        change: id,
        comment: None,
    };
    assert_eq!(codes(world.run_as(&theirs, withdraw.clone())), [1931]);
    let rejected = vote(&world, &world.caller, id, Decision::Rejected).unwrap();
    assert_eq!(rejected.state, ChangeState::Rejected);
    assert_eq!(codes(world.run_as(&also_mine, withdraw)), [1963]);
    assert_eq!(world.issued(badge), 0);
}

#[test]
fn what_nobody_decided_in_time_is_over_before_anybody_writes_it_down() {
    let world = World::new();
    let badge = world.badge("Gold");
    let checker = client(&world, "checker", None);
    let soon = Rule {
        expires_after: 60.try_into().unwrap(),
        ..rule(RuledOperation::Enrol)
    };
    put(&world, &[soon]);
    let id = held(world.run(command(badge, &[1])).unwrap());
    world.clock.advance(Duration::seconds(60));
    let over = seen(&world, id);
    assert_eq!((over.state, over.now), (ChangeState::Expired, None));
    assert_eq!(codes(approve(&world, &checker, id)), [1963]);
    let expire = || {
        let (stores, now) = (&world.ports.stores, world.ports.clock.now());
        expire_changes(&*stores.changes, now, 10).unwrap()
    };
    assert_eq!((expire(), expire()), (1, 0));
    assert_eq!(told(&world), ["change.submitted", "change.expired"]);
    assert_eq!(seen(&world, id).state, ChangeState::Expired);
}

#[test]
fn a_repeated_request_gets_the_same_change_and_a_repeated_vote_the_same_answer() {
    let world = World::new();
    let badge = world.badge("Gold");
    let checker = client(&world, "checker", None);
    put(&world, &[rule(RuledOperation::Enrol)]);
    let key = world.guard("k", 1);
    let first = now(world.run_under(&key, command(badge, &[1])).unwrap());
    let again = before(world.run_under(&key, command(badge, &[1])).unwrap());
    assert_eq!(first, again);
    let id = held(first);
    let approved = approve(&world, &checker, id).unwrap();
    assert_eq!(approved.state, ChangeState::Approved);
    assert_eq!(
        before(world.run_under(&key, command(badge, &[1])).unwrap()),
        again
    );
    assert_eq!(world.issued(badge), 1);
}

#[test]
fn members_of_a_group_are_held_each_for_itself_and_new_rules_are_seen_at_once() {
    let world = World::new();
    let badge = world.badge("Gold");
    let known = KnownBadges::default();
    let together = |sizes: &[i64]| {
        let members = sizes.iter().map(|size| {
            let numbers: Vec<_> = (size * 100..size * 100 + size).collect();
            let customers: Vec<_> = numbers.iter().map(|it| customer(*it)).collect();
            let request = Request::new(world.caller.clone());
            (request, command(badge, &numbers), customers)
        });
        let results = execute_together(&world.ports, &known, members.collect());
        let answers = results.into_iter().map(|it| it.map(Executed::into_answer));
        let is_held = answers.map(|it| matches!(it.unwrap(), Answer::Held(_)));
        is_held.collect::<Vec<_>>()
    };
    assert_eq!(together(&[1, 2]), [false, false]);
    // The rules are put behind the back of those that are remembered.
    let above = Rule {
        above_rows: 3,
        ..rule(RuledOperation::Enrol)
    };
    put(&world, &[above]);
    assert_eq!(together(&[3, 4]), [false, true]);
    assert_eq!(together(&[5, 3]), [true, false]);
    put(&world, &[]);
    assert_eq!(together(&[6, 7]), [false, false]);
    // Three were enrolled twice.
    assert_eq!(world.issued(badge), 3 + 3 + 13);
}

#[test]
fn the_rules_themselves_can_be_ruled() {
    let world = World::new();
    let checker = client(&world, "checker", None);
    put(&world, &[rule(RuledOperation::Rules)]);
    let none = PutApprovalRules {
        rules: ApprovalRules::default(),
    };
    let id = held(world.run(none.clone()).unwrap());
    assert_eq!(codes(world.run(none.clone())), [1967]);
    approve(&world, &checker, id).unwrap();
    assert!(matches!(world.run(none), Ok(Answer::ApprovalRules(_))));
}

#[test]
fn no_secret_of_a_webhook_is_shown() {
    let world = World::new();
    let checker = client(&world, "checker", None);
    put(&world, &[rule(RuledOperation::Webhook)]);
    let name = HeaderName::try_from("x-api-key").unwrap();
    let value = HeaderValue::try_from("hunter2").unwrap();
    let create = CreateWebhook {
        url: "https://example.org/hook".try_into().unwrap(),
        draft: WebhookDraft::default(),
        headers: [(name.clone(), value.clone())].into(),
    };
    let id = held(world.run(create).unwrap());
    let Some(HeldCommand::CreateWebhook(shown)) = seen(&world, id).command else {
        panic!("no command");
    };
    assert_eq!(shown.headers[&name], HeaderValue::hidden());
    let approved = approve(&world, &checker, id).unwrap();
    let Some(Effect::Answer { answer, .. }) = approved.result else {
        panic!("{approved:?}");
    };
    let Answer::Webhook(webhook) = *answer else {
        panic!("{answer:?}");
    };
    assert_eq!(webhook.secret, None);
    let stored = world
        .ports
        .stores
        .webhooks
        .webhook(world.caller.org, webhook.id);
    assert_eq!(stored.unwrap().unwrap().webhook.headers[&name], value);
}

#[test]
fn a_change_about_somebody_who_was_forgotten_fails() {
    let world = World::new();
    let badge = world.badge("Gold");
    let checker = client(&world, "checker", None);
    put(&world, &[rule(RuledOperation::Enrol)]);
    let (alone, both) = (
        held(world.run(command(badge, &[1])).unwrap()),
        held(world.run(command(badge, &[1, 2])).unwrap()),
    );
    let erase = EraseCustomer {
        customer: customer(1).into(),
    };
    world.run(erase).unwrap();
    let failed = approve(&world, &checker, alone).unwrap();
    assert_eq!(
        (failed.state, failure(&failed)),
        (ChangeState::Failed, vec![1968])
    );
    let approved = approve(&world, &checker, both).unwrap();
    assert_eq!(approved.state, ChangeState::Approved);
    assert_eq!(world.issued(badge), 1);
}

#[test]
fn a_customer_is_forgotten_by_an_approval_and_its_change_says_nothing_of_her() {
    let world = World::new();
    let badge = world.badge("Gold");
    world.run(command(badge, &[1])).unwrap();
    let checker = client(&world, "checker", None);
    put(&world, &[rule(RuledOperation::Erase)]);
    let erase = EraseCustomer {
        customer: customer(1).into(),
    };
    let id = held(world.run_as(&checker, erase).unwrap());
    let vote = || CastVote {
        change: id,
        decision: Decision::Approved,
        comment: Some("Anna has asked for it".try_into().unwrap()),
    };
    let key = world.guard("k", 1);
    let answer = now(world.run_under(&key, vote()).unwrap());
    assert_eq!(before(world.run_under(&key, vote()).unwrap()), answer);
    let approved = view(answer);
    assert_eq!(approved.state, ChangeState::Approved);
    assert_eq!(seen(&world, id), approved);
    assert_eq!(
        (approved.votes.len(), &approved.votes[0].comment),
        (1, &None)
    );
    assert_eq!(approved.command, None);
    for effect in [&approved.then, &approved.result] {
        let Some(Effect::Answer { answer, .. }) = effect else {
            panic!("{approved:?}");
        };
        assert_eq!(**answer, Answer::Forgotten);
    }
}

#[test]
fn an_operator_who_has_lost_the_role_for_it_has_nothing_carried_out() {
    let world = World::new();
    let badge = world.badge("Gold");
    let checker = client(&world, "checker", None);
    put(&world, &[rule(RuledOperation::Enrol)]);
    let by = Attribution::system(world.ports.clock.now());
    let login = Login::try_from("asha").unwrap();
    let operators = &world.ports.stores.operators;
    let number = operators.create_operator(&NewOperator {
        org: world.caller.org,
        login: login.clone(),
        name: "Asha".try_into().unwrap(),
        roles: [Role::Care].into_iter().collect(),
        password: PasswordHash::NOBODY,
        created: by.clone(),
    });
    let maker = Caller {
        actor: number.unwrap().into(),
        groups: AccessGroups::ALL,
        ..world.caller.clone()
    };
    let ids = [1, 2].map(|it| held(world.run_as(&maker, command(badge, &[it])).unwrap()));
    let approved = approve(&world, &checker, ids[0]).unwrap();
    assert_eq!(approved.state, ChangeState::Approved);
    let viewer = [Role::Viewer].into_iter().collect();
    operators.set_roles(None, &login, viewer, &by).unwrap();
    let failed = approve(&world, &checker, ids[1]).unwrap();
    assert_eq!(
        (failed.state, failure(&failed)),
        (ChangeState::Failed, vec![1931])
    );
    assert_eq!(world.issued(badge), 1);
}

#[test]
fn whoever_may_do_nothing_any_more_has_nothing_carried_out() {
    let world = World::new();
    let badge = world.badge("Gold");
    let (maker, checker) = (
        client(&world, "maker", None),
        client(&world, "checker", None),
    );
    put(&world, &[rule(RuledOperation::Enrol)]);
    let id = held(world.run_as(&maker, command(badge, &[1])).unwrap());
    let by = Attribution::system(world.ports.clock.now());
    let key = ClientKey::try_from("maker").unwrap();
    world.ports.stores.access.revoke(&key, &by).unwrap();
    let failed = approve(&world, &checker, id).unwrap();
    assert_eq!(
        (failed.state, failure(&failed)),
        (ChangeState::Failed, vec![1931])
    );
    assert_eq!(world.issued(badge), 0);
}

#[test]
fn a_request_of_the_workflow_waits_without_a_rule_and_whatever_is_wrong_with_it() {
    let world = World::new();
    let badge = world.badge("Gold");
    let checker = client(&world, "checker", None);
    let earn = |badge| SubmitRequest {
        command: EarnBadge {
            badge,
            earners: Earners::One(customer(1).into()),
            request_id: "r".try_into().unwrap(),
            event: EventDate::default(),
            triggered_by: None,
            by_hand: None,
        }
        .into(),
    };
    let decide = |operation, change| DecideRequest {
        operation,
        change,
        decision: Decision::Approved,
        comment: None,
    };
    let waiting = view(world.run(earn(badge)).unwrap());
    assert_eq!(waiting.state, ChangeState::Pending);
    assert!(matches!(waiting.then, Some(Effect::Refused(_))));
    assert_eq!(codes(world.run(earn(badge))), [1967]);
    let own = decide(RuledOperation::Earn, waiting.id);
    assert_eq!(codes(world.run(own.clone())), [2001]);
    let other = decide(RuledOperation::Enrol, waiting.id);
    assert_eq!(codes(world.run_as(&checker, other)), [2007]);
    let failed = view(world.run_as(&checker, own.clone()).unwrap());
    assert_eq!(
        (failed.state, failure(&failed)),
        (ChangeState::Failed, vec![811])
    );
    assert_eq!(codes(world.run_as(&checker, own)), [2002]);
}

#[test]
fn what_waits_under_a_request_id_is_1967_without_a_rule_too() {
    let world = World::new();
    let badge = world.badge("Gold");
    let checker = client(&world, "checker", None);
    let known = KnownBadges::default();
    let named = |id: &str| EnrolCustomers {
        request_id: Some(id.try_into().unwrap()),
        ..command(badge, &[1])
    };
    let submit = |id: &str| {
        let command = named(id).into();
        view(world.run(SubmitRequest { command }).unwrap()).id
    };
    let together = |ids: &[&str]| {
        let members = ids.iter().map(|id| {
            let request = Request::new(world.caller.clone());
            (request, named(id), vec![customer(1)])
        });
        let results = execute_together(&world.ports, &known, members.collect());
        let codes = results.into_iter().map(|it| match it {
            Ok(_) => Vec::new(),
            refused => codes(refused),
        });
        codes.collect::<Vec<_>>()
    };
    // Its rules are remembered before anything waits.
    assert_eq!(together(&["a"]), [[0; 0]]);
    let waiting = submit("b");
    assert_eq!(codes(world.run(named("b"))), [1967]);
    assert_eq!(together(&["b", "c"]), [vec![1967], vec![]]);
    let approved = approve(&world, &checker, waiting).unwrap();
    assert_eq!(approved.state, ChangeState::Approved);
    assert_eq!(together(&["b"]), [[809]]);
    let withdraw = WithdrawChange {
        change: submit("d"),
        comment: None,
    };
    world.run(withdraw).unwrap();
    assert_eq!(together(&["d"]), [[0; 0]]);
}

#[test]
fn what_waits_under_a_request_id_by_a_rule_that_is_gone_is_1967_still() {
    let world = World::new();
    let badge = world.badge("Gold");
    world.run(command(badge, &[1, 2])).unwrap();
    let revoke = |number| RevokeEnrolments {
        badge,
        which: WhichEnrolments::AllOf(vec![customer(number)].into()),
        request_id: Some("r".try_into().unwrap()),
        reason: None,
    };
    put(&world, &[rule(RuledOperation::Revoke)]);
    let change = held(world.run(revoke(1)).unwrap());
    put(&world, &[]);
    assert_eq!(codes(world.run(revoke(2))), [1967]);
    let withdraw = WithdrawChange {
        change,
        comment: None,
    };
    world.run(withdraw).unwrap();
    world.run(revoke(2)).unwrap();
    assert_eq!(world.issued(badge), 1);
}

#[test]
fn of_several_who_approve_at_once_one_has_it_carried_out() {
    let world = World::new();
    let badge = world.badge("Gold");
    put(&world, &[rule(RuledOperation::Enrol)]);
    let id = held(world.run(command(badge, &[1])).unwrap());
    let checkers: Vec<_> = (0..8)
        .map(|number| client(&world, &format!("checker-{number}"), None))
        .collect();
    let results: Vec<_> = std::thread::scope(|scope| {
        let world = &world;
        let threads: Vec<_> = (checkers.iter())
            .map(|by| scope.spawn(move || approve(world, by, id)))
            .collect();
        threads.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert_eq!(results.iter().filter(|it| it.is_ok()).count(), 1);
    assert_eq!(world.issued(badge), 1);
    let outcome = seen(&world, id);
    assert_eq!(
        (outcome.state, outcome.votes.len()),
        (ChangeState::Approved, 1)
    );
}

#[test]
fn identifiers_are_resolved_when_the_command_is_held() {
    use accolade_application::customers::NamedCustomers;
    use accolade_application::customers::PutCustomers;
    use accolade_application::ports::{IdentifierKind, Identifiers};

    let world = World::new();
    let badge = world.badge("Gold");
    let checker = client(&world, "checker", None);
    let identifiers = Identifiers {
        email: Some("anna@x.org".try_into().unwrap()),
        ..Identifiers::default()
    };
    world
        .run(PutCustomers::One(customer(7).into(), identifiers))
        .unwrap();
    put(&world, &[rule(RuledOperation::Enrol)]);
    let by_email = |texts: &[&str]| EnrolCustomers {
        customers: NamedCustomers::Identifiers(
            IdentifierKind::Email,
            texts.iter().map(|it| (*it).to_owned()).collect(),
        ),
        ..command(badge, &[])
    };
    assert_eq!(codes(world.run(by_email(&["nobody@x.org"]))), [1026]);
    let id = held(
        world
            .run(by_email(&["anna@x.org", "nobody@x.org"]))
            .unwrap(),
    );
    let Some(HeldCommand::Enrol(shown)) = seen(&world, id).command else {
        panic!("no command");
    };
    assert_eq!(shown.customers.numbers(), Some(&[customer(7)][..]));
    let approved = approve(&world, &checker, id).unwrap();
    let Some(Effect::Answer { answer, .. }) = approved.result else {
        panic!("{approved:?}");
    };
    let Answer::Enrolment(enrolled) = *answer else {
        panic!("{answer:?}");
    };
    assert!(matches!(enrolled.outcomes[0].outcome, Outcome::Enrolled(_)));
}
