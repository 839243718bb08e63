//! Operators and their sessions: created, changed, disabled; begun, extended, ended.

use accolade_application::access::{ClientKey, Secret, SecretHash};
use accolade_application::operators::{PasswordHash, Session};
use accolade_application::ports::{
    ActorRecord, AuditQuery, CreateOperatorError, KnownOperator, LinkOperatorError, NewOperator,
    NewSession, SignInProof, UnknownOperator,
};
use accolade_domain::actor::Actor;
use accolade_domain::audit::{Action, Attribution, EntityKind, HiddenField, State};
use accolade_domain::ids::{OperatorNumber, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::login::Login;
use accolade_domain::operator::{Operator, OperatorLink, Role, Roles};
use time::Duration;

use crate::World;
use crate::fixtures::now;
use crate::race::{only_winner, race};
use crate::world::Tenant;

fn login(text: &str) -> Login {
    Login::try_from(text).unwrap()
}

/// Something that is stored of a password.
fn password(number: u8) -> PasswordHash {
    PasswordHash::from_bytes(&[number; 64])
}

fn by_password(number: u8) -> SignInProof {
    SignInProof::Password(password(number))
}

/// What one provider calls somebody.
fn link(subject: &str) -> OperatorLink {
    OperatorLink {
        issuer: "https://id.example.org/staff".try_into().unwrap(),
        subject: subject.try_into().unwrap(),
    }
}

fn token(text: &str) -> SecretHash {
    Secret::presented(text).hash()
}

fn by(on: Instant) -> Attribution {
    Attribution::system(on)
}

fn after(minutes: i64) -> Instant {
    now() + Duration::minutes(minutes)
}

fn new_of(org: OrgId, text: &str) -> NewOperator {
    NewOperator {
        org,
        login: login(text),
        name: "Ada".try_into().unwrap(),
        roles: Role::Care.into(),
        password: password(1),
        created: by(now()),
    }
}

fn new(world: &World, text: &str) -> NewOperator {
    new_of(world.tenant.org, text)
}

fn create(world: &World, text: &str) -> OperatorNumber {
    let new = new(world, text);
    world.stores.operators.create_operator(&new).unwrap()
}

fn known(world: &World, text: &str) -> Option<KnownOperator> {
    world.stores.operators.operator(&login(text)).unwrap()
}

fn found(world: &World, text: &str) -> Operator {
    known(world, text).unwrap().operator
}

/// One that ends in two hours, or in half an hour if nobody uses it.
fn half_an_hour(text: &str) -> NewSession {
    NewSession {
        token: token(text),
        expires_on: after(30),
        ends_on: after(120),
    }
}

fn begin(world: &World, operator: OperatorNumber, text: &str) -> Session {
    let by = Attribution {
        actor: operator.into(),
        ..by(now())
    };
    let session = half_an_hour(text);
    world
        .stores
        .operators
        .begin_session(operator, &by_password(1), &session, &by)
        .unwrap()
}

fn session(world: &World, text: &str, on: Instant) -> Option<Session> {
    world.stores.operators.session(&token(text), on).unwrap()
}

fn assert_unknown<T: std::fmt::Debug>(result: &Result<T, UnknownOperator>) {
    assert!(
        matches!(result, Err(UnknownOperator::Unknown)),
        "{result:?}"
    );
}

/// What the audit trail of the tenant's org tells of operators, oldest first.
fn told(world: &World, tenant: Tenant) -> Vec<(Action, String)> {
    let query = AuditQuery {
        kinds: vec![EntityKind::Operator],
        limit: 1_000,
        ..AuditQuery::default()
    };
    let page = world.stores.audit.entries(tenant.org, &query).unwrap();
    let entries = page.entries.into_iter().rev().map(|it| it.entry);
    entries
        .map(|it| (it.action, it.entity.id().to_owned()))
        .collect()
}

fn an_operator_is_found_as_she_was_created(world: &World) {
    let new = NewOperator {
        roles: Roles::ALL,
        name: "𝄞".repeat(255).try_into().unwrap(),
        created: by(Instant::MAX),
        ..new(world, &"ß".repeat(60))
    };
    let number = world.stores.operators.create_operator(&new).unwrap();
    let expected = KnownOperator {
        operator: new.operator(number),
        password: new.password,
    };
    assert_eq!(known(world, new.login.as_str()), Some(expected));
    assert_eq!(known(world, "nobody"), None);
}

fn operators_are_numbered_with_clients_and_listed_by_number_disabled_ones_included(world: &World) {
    let operators = &world.stores.operators;
    let first = create(world, "z");
    let other = world.tenant(7);
    let second = (operators.create_operator(&new_of(other.org, "a"))).unwrap();
    let numbers = [world.tenant.actor, first.into(), other.actor, second.into()];
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    operators
        .disable_operator(None, &login("z"), &by(now()))
        .unwrap();
    let numbers = |within| -> Vec<OperatorNumber> {
        let all = operators.operators(within).unwrap();
        all.iter().map(|it| it.number).collect()
    };
    assert_eq!(numbers(None), [first, second]);
    assert_eq!(numbers(Some(world.tenant.org)), [first]);
    assert_eq!(numbers(Some(other.org)), [second]);
}

fn an_operator_of_an_unknown_org_is_refused(world: &World) {
    let refused = new_of(OrgId::try_from(404).unwrap(), "ada");
    let result = world.stores.operators.create_operator(&refused);
    assert!(
        matches!(result, Err(CreateOperatorError::UnknownOrg)),
        "{result:?}"
    );
    assert_eq!(known(world, "ada"), None);
}

fn a_login_is_unique_over_all_orgs_whatever_its_case(world: &World) {
    create(world, "ada");
    let first = known(world, "ada");
    for org in [world.tenant.org, world.tenant(7).org] {
        let result = world.stores.operators.create_operator(&new_of(org, "ADA"));
        assert!(
            matches!(result, Err(CreateOperatorError::LoginTaken)),
            "{result:?}"
        );
    }
    assert_eq!(known(world, "Ada"), first);
    assert_eq!(told(world, world.tenant).len(), 1);
}

fn of_operators_that_race_for_one_login_exactly_one_wins(world: &World) {
    let servers = world.servers();
    let results = race(8, |i| {
        let new = NewOperator {
            name: format!("Ada {i}").try_into().unwrap(),
            ..new(world, "ada")
        };
        servers[i % 2].operators.create_operator(&new)
    });
    let winner = only_winner(&results, |error| {
        matches!(error, CreateOperatorError::LoginTaken)
    });
    assert_eq!(found(world, "ada").name.as_str(), format!("Ada {winner}"));
}

fn an_operator_is_an_actor_of_her_org_disabled_or_not(world: &World) {
    let number = create(world, "ada");
    let actor = Actor::from(number);
    let expected = ActorRecord::Operator {
        number,
        name: "Ada".try_into().unwrap(),
        login: login("ada"),
        over_on: None,
    };
    let actors = &world.stores.actors;
    let other = world.tenant(7);
    assert_eq!(
        actors.find(world.tenant.org, actor).unwrap(),
        Some(expected.clone())
    );
    assert_eq!(actors.find(other.org, actor).unwrap(), None);
    world
        .stores
        .operators
        .disable_operator(None, &login("ada"), &by(now()))
        .unwrap();
    let both = [actor, world.tenant.actor];
    let mut found = actors.find_all(world.tenant.org, &both).unwrap();
    found.sort_by_key(|it| std::cmp::Reverse(it.actor()));
    assert_eq!(found[0].actor(), expected.actor());
    assert!(!expected.is_over(now()) && found[0].is_over(now()));
    assert_eq!(found.len(), 2);
}

fn what_is_asked_within_an_org_finds_nobody_of_another(world: &World) {
    create(world, "ada");
    let before = known(world, "ada");
    let (operators, within) = (&world.stores.operators, Some(world.tenant(7).org));
    let (ada, by) = (login("ada"), by(now()));
    assert_unknown(&operators.set_password(within, &ada, &password(2), &by));
    assert_unknown(&operators.set_roles(within, &ada, Roles::ALL, &by));
    assert_unknown(&operators.disable_operator(within, &ada, &by));
    let linked = operators.set_link(within, &ada, Some(&link("1")), &by);
    assert!(
        matches!(linked, Err(LinkOperatorError::Unknown)),
        "{linked:?}"
    );
    assert_eq!(known(world, "ada"), before);
    let own = Some(world.tenant.org);
    operators.set_roles(own, &ada, Roles::ALL, &by).unwrap();
    assert_eq!(found(world, "ada").roles, Roles::ALL);
}

fn a_session_is_found_by_its_token_until_it_expires(world: &World) {
    let number = create(world, "ada");
    let begun = begin(world, number, "token");
    let expected = Session {
        operator: Operator {
            last_signed_in_on: Some(now()),
            ..begun.operator.clone()
        },
        org: world.stores.access.orgs().unwrap()[0].clone(),
        began_on: now(),
        expires_on: after(30),
        ends_on: after(120),
    };
    assert_eq!(begun, expected);
    let last = after(30) - Duration::MICROSECOND;
    assert_eq!(session(world, "token", last), Some(expected));
    assert_eq!(session(world, "token", after(30)), None);
    assert_eq!(session(world, "other", now()), None);
    assert_eq!(found(world, "ada").last_signed_in_on, Some(now()));
}

fn a_session_that_is_used_goes_on_but_not_beyond_its_end(world: &World) {
    let number = create(world, "ada");
    begin(world, number, "token");
    let operators = &world.stores.operators;
    let expires = |on| {
        operators.extend_session(&token("token"), on).unwrap();
        session(world, "token", now()).unwrap().expires_on
    };
    assert_eq!(expires(after(60)), after(60));
    assert_eq!(expires(after(50)), after(60));
    assert_eq!(expires(after(121)), after(60));
    assert_eq!(expires(after(120)), after(120));
    operators
        .extend_session(&token("other"), after(60))
        .unwrap();
    assert_eq!(session(world, "other", now()), None);
}

fn what_an_operator_may_do_holds_at_once_in_her_sessions(world: &World) {
    let number = create(world, "ada");
    begin(world, number, "token");
    let operators = &world.stores.operators;
    let roles = Roles::from_iter([Role::Viewer, Role::Admin]);
    operators
        .set_roles(None, &login("ada"), roles, &by(now()))
        .unwrap();
    let session = session(world, "token", now()).unwrap();
    assert_eq!(session.operator.roles, roles);
    // It changes nothing, and is in no audit trail.
    operators
        .set_roles(None, &login("ada"), roles, &by(now()))
        .unwrap();
    let told = told(world, world.tenant);
    let updates = told.iter().filter(|it| it.0 == Action::Update);
    assert_eq!(updates.count(), 1);
}

fn no_session_begins_with_a_password_that_has_changed(world: &World) {
    let number = create(world, "ada");
    let operators = &world.stores.operators;
    let begin = |password: u8| {
        let session = half_an_hour(&password.to_string());
        operators.begin_session(number, &by_password(password), &session, &by(now()))
    };
    assert_unknown(&begin(2));
    operators
        .set_password(None, &login("ada"), &password(2), &by(now()))
        .unwrap();
    assert_unknown(&begin(1));
    assert!(begin(2).is_ok());
    operators
        .disable_operator(None, &login("ada"), &by(now()))
        .unwrap();
    assert_unknown(&begin(2));
    let nobody = OperatorNumber::try_from(i64::MAX).unwrap();
    let of_nobody =
        operators.begin_session(nobody, &by_password(1), &half_an_hour("x"), &by(now()));
    assert_unknown(&of_nobody);
}

fn another_password_and_the_end_of_an_operator_end_her_sessions(world: &World) {
    let operators = &world.stores.operators;
    for text in ["ada", "eve"] {
        let number = create(world, text);
        begin(world, number, text);
        begin(world, number, &format!("{text} again"));
    }
    operators
        .set_password(None, &login("ada"), &password(2), &by(now()))
        .unwrap();
    for text in ["ada", "ada again"] {
        assert_eq!(session(world, text, now()), None, "{text}");
    }
    assert!(session(world, "eve", now()).is_some());
    operators
        .disable_operator(None, &login("eve"), &by(now()))
        .unwrap();
    assert_eq!(session(world, "eve", now()), None);
    assert_eq!(found(world, "eve").disabled_on, Some(now()));
    let again = operators.disable_operator(None, &login("eve"), &by(after(1)));
    assert_unknown(&again);
    assert_eq!(found(world, "eve").disabled_on, Some(now()));
}

fn of_a_session_that_begins_and_the_end_of_its_operator_the_end_wins(world: &World) {
    for round in 0..8 {
        let text = format!("ada-{round}");
        let number = create(world, &text);
        let servers = world.servers();
        race(4, |i| {
            let operators = &servers[i % 2].operators;
            if i == 0 {
                operators
                    .disable_operator(None, &login(&text), &by(now()))
                    .unwrap();
            } else {
                let session = half_an_hour(&format!("{text} {i}"));
                let begun = operators.begin_session(number, &by_password(1), &session, &by(now()));
                if begun.is_err() {
                    assert_unknown(&begun);
                }
            }
        });
        for i in 1..4 {
            let left = session(world, &format!("{text} {i}"), now());
            assert_eq!(left, None, "{text} {i}");
        }
    }
}

fn a_session_ends_once_and_all_of_an_operator_at_once(world: &World) {
    let operators = &world.stores.operators;
    let ada = create(world, "ada");
    let eve = create(world, "eve");
    for (number, text) in [(ada, "1"), (ada, "2"), (ada, "3"), (eve, "4")] {
        begin(world, number, text);
    }
    let hers = Attribution {
        actor: ada.into(),
        ..by(after(1))
    };
    assert!(operators.end_session(&token("1"), &hers).unwrap());
    assert!(!operators.end_session(&token("1"), &hers).unwrap());
    assert_eq!(operators.end_sessions(ada, &hers).unwrap(), 2);
    assert_eq!(operators.end_sessions(ada, &hers).unwrap(), 0);
    let left = ["1", "2", "3", "4"].map(|text| session(world, text, now()).is_some());
    assert_eq!(left, [false, false, false, true]);
    let told = told(world, world.tenant);
    let ends = told.iter().filter(|it| it.0 == Action::SignOut);
    assert_eq!(ends.count(), 2);
}

fn sessions_that_have_ended_are_removed(world: &World) {
    let number = create(world, "ada");
    begin(world, number, "1");
    begin(world, number, "2");
    let operators = &world.stores.operators;
    operators.extend_session(&token("2"), after(60)).unwrap();
    assert_eq!(operators.sweep_sessions(after(29)).unwrap(), 0);
    assert_eq!(operators.sweep_sessions(after(30)).unwrap(), 1);
    assert_eq!(operators.sweep_sessions(after(30)).unwrap(), 0);
    assert_eq!(session(world, "1", now()), None);
    assert!(session(world, "2", now()).is_some());
}

fn the_audit_trail_tells_of_operators_and_sign_ins_without_a_password(world: &World) {
    let operators = &world.stores.operators;
    let number = create(world, "ada");
    begin(world, number, "token");
    operators.note_refused(number, &by(now())).unwrap();
    let nobody = OperatorNumber::try_from(i64::MAX).unwrap();
    operators.note_refused(nobody, &by(now())).unwrap();
    operators
        .set_password(None, &login("ada"), &password(2), &by(now()))
        .unwrap();
    operators
        .disable_operator(None, &login("ada"), &by(now()))
        .unwrap();
    let told: Vec<_> = (told(world, world.tenant).into_iter())
        .map(|(action, id)| (action.name(), id))
        .collect();
    let id = number.to_string();
    let expected = ["CREATE", "SIGN_IN", "SIGN_IN_REFUSED", "ROTATE", "REVOKE"];
    assert_eq!(told, expected.map(|action| (action, id.clone())));
    let query = AuditQuery {
        kinds: vec![EntityKind::Operator],
        limit: 1_000,
        ..AuditQuery::default()
    };
    let page = world
        .stores
        .audit
        .entries(world.tenant.org, &query)
        .unwrap();
    let changes: Vec<_> = page.entries.iter().map(|it| &it.entry.change).collect();
    assert_eq!(changes[1].hidden, [HiddenField::Password]);
    let Some(State::Operator(state)) = &changes[4].after else {
        panic!("{changes:?}");
    };
    assert_eq!(
        (state.login.as_str(), state.roles.join(",")),
        ("ada", "care".to_owned())
    );
}

fn set_link(
    world: &World,
    text: &str,
    link: Option<&OperatorLink>,
) -> Result<(), LinkOperatorError> {
    let operators = &world.stores.operators;
    operators.set_link(None, &login(text), link, &by(now()))
}

fn linked(world: &World, link: &OperatorLink) -> Option<String> {
    let found = world.stores.operators.linked_operator(link).unwrap();
    found.map(|it| it.login.to_string())
}

#[track_caller]
fn assert_taken(result: &Result<(), LinkOperatorError>) {
    assert!(
        matches!(result, Err(LinkOperatorError::Taken)),
        "{result:?}"
    );
}

fn an_operator_is_found_by_whom_she_is_linked_to_to_the_letter(world: &World) {
    create(world, "ada");
    create(world, "eve");
    assert_eq!(found(world, "ada").link, None);
    let hers = link("Ada");
    set_link(world, "ada", Some(&hers)).unwrap();
    assert_eq!(found(world, "ada").link, Some(hers.clone()));
    assert_eq!(linked(world, &hers).as_deref(), Some("ada"));
    let of_another_provider = OperatorLink {
        issuer: "https://id.example.org/guests".try_into().unwrap(),
        ..hers.clone()
    };
    for other in [&link("ada"), &link("Ada "), &of_another_provider] {
        assert_eq!(linked(world, other), None, "{other:?}");
    }
    set_link(world, "eve", Some(&of_another_provider)).unwrap();
    set_link(world, "ada", Some(&link("other"))).unwrap();
    assert_eq!(linked(world, &hers), None);
    set_link(world, "ada", None).unwrap();
    assert_eq!(found(world, "ada").link, None);
    assert_eq!(linked(world, &link("other")), None);
    let unknown = set_link(world, "nobody", Some(&hers));
    assert!(
        matches!(unknown, Err(LinkOperatorError::Unknown)),
        "{unknown:?}"
    );
}

fn a_link_is_of_one_operator_of_all_orgs_until_she_is_disabled(world: &World) {
    let operators = &world.stores.operators;
    create(world, "ada");
    create(world, "eve");
    let other = world.tenant(7);
    (operators.create_operator(&new_of(other.org, "zoe"))).unwrap();
    let one = link("1");
    set_link(world, "ada", Some(&one)).unwrap();
    for text in ["eve", "zoe"] {
        assert_taken(&set_link(world, text, Some(&one)));
        assert_eq!(found(world, text).link, None);
    }
    let disable = |text: &str, minute| {
        let on = by(after(minute));
        operators.disable_operator(None, &login(text), &on).unwrap();
    };
    disable("ada", 1);
    assert_eq!(linked(world, &one).as_deref(), Some("ada"));
    set_link(world, "eve", Some(&one)).unwrap();
    assert_eq!(linked(world, &one).as_deref(), Some("eve"));
    assert_eq!(found(world, "ada").link, Some(one.clone()));
    let over = set_link(world, "ada", None);
    assert!(matches!(over, Err(LinkOperatorError::Unknown)), "{over:?}");
    // Of those who are disabled it is the last one.
    disable("eve", 2);
    assert_eq!(linked(world, &one).as_deref(), Some("eve"));
}

fn of_operators_that_race_for_one_link_exactly_one_wins(world: &World) {
    let logins = ["a", "b", "c", "d"];
    for text in logins {
        create(world, text);
    }
    let servers = world.servers();
    let results = race(4, |i| {
        let operators = &servers[i % 2].operators;
        operators.set_link(None, &login(logins[i]), Some(&link("1")), &by(now()))
    });
    let winner = only_winner(&results, |error| matches!(error, LinkOperatorError::Taken));
    assert_eq!(linked(world, &link("1")).as_deref(), Some(logins[winner]));
}

fn no_session_begins_by_a_link_that_has_changed(world: &World) {
    let number = create(world, "ada");
    let operators = &world.stores.operators;
    let begin = |subject: &str| {
        let proof = SignInProof::Link(link(subject));
        operators.begin_session(number, &proof, &half_an_hour(subject), &by(now()))
    };
    assert_unknown(&begin("1"));
    set_link(world, "ada", Some(&link("1"))).unwrap();
    assert_unknown(&begin("2"));
    assert_eq!(begin("1").unwrap().operator.number, number);
    set_link(world, "ada", Some(&link("2"))).unwrap();
    assert_unknown(&begin("1"));
    assert!(begin("2").is_ok());
    operators
        .disable_operator(None, &login("ada"), &by(now()))
        .unwrap();
    assert_unknown(&begin("2"));
}

fn another_link_ends_an_operators_sessions_and_is_told_and_the_same_one_is_neither(world: &World) {
    let ada = create(world, "ada");
    let eve = create(world, "eve");
    begin(world, eve, "eve");
    for (token, link, ends) in [
        ("1", Some(link("1")), true),
        ("2", Some(link("1")), false),
        ("3", None, true),
        ("4", None, false),
    ] {
        begin(world, ada, token);
        set_link(world, "ada", link.as_ref()).unwrap();
        assert_eq!(session(world, token, now()).is_none(), ends, "{token}");
    }
    assert!(session(world, "eve", now()).is_some());
    let query = AuditQuery {
        kinds: vec![EntityKind::Operator],
        actions: vec![Action::Update],
        limit: 10,
        ..AuditQuery::default()
    };
    let page = (world.stores.audit)
        .entries(world.tenant.org, &query)
        .unwrap();
    let subject = |state: &Option<State>| match state {
        Some(State::Operator(state)) => (state.issuer.clone(), state.subject.clone()),
        other => panic!("{other:?}"),
    };
    let told: Vec<_> = (page.entries.iter().map(|it| &it.entry.change))
        .map(|it| (subject(&it.before), subject(&it.after)))
        .collect();
    let none = (None, None);
    let one = (
        Some("https://id.example.org/staff".to_owned()),
        Some("1".to_owned()),
    );
    assert_eq!(told, [(one.clone(), none.clone()), (none, one)]);
}

fn a_client_and_an_operator_of_one_name_are_two(world: &World) {
    let number = create(world, "till-100458");
    let key = ClientKey::try_from("till-100458").unwrap();
    let client = world.stores.access.client(&key).unwrap().unwrap();
    assert_ne!(Actor::from(client.number), Actor::from(number));
}

sentences! {
    an_operator_is_found_as_she_was_created
    operators_are_numbered_with_clients_and_listed_by_number_disabled_ones_included
    an_operator_of_an_unknown_org_is_refused
    a_login_is_unique_over_all_orgs_whatever_its_case
    of_operators_that_race_for_one_login_exactly_one_wins
    an_operator_is_an_actor_of_her_org_disabled_or_not
    what_is_asked_within_an_org_finds_nobody_of_another
    a_session_is_found_by_its_token_until_it_expires
    a_session_that_is_used_goes_on_but_not_beyond_its_end
    what_an_operator_may_do_holds_at_once_in_her_sessions
    no_session_begins_with_a_password_that_has_changed
    another_password_and_the_end_of_an_operator_end_her_sessions
    of_a_session_that_begins_and_the_end_of_its_operator_the_end_wins
    a_session_ends_once_and_all_of_an_operator_at_once
    sessions_that_have_ended_are_removed
    the_audit_trail_tells_of_operators_and_sign_ins_without_a_password
    an_operator_is_found_by_whom_she_is_linked_to_to_the_letter
    a_link_is_of_one_operator_of_all_orgs_until_she_is_disabled
    of_operators_that_race_for_one_link_exactly_one_wins
    no_session_begins_by_a_link_that_has_changed
    another_link_ends_an_operators_sessions_and_is_told_and_the_same_one_is_neither
    a_client_and_an_operator_of_one_name_are_two
}
