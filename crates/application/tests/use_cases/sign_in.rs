//! Operators who sign in, and what their sessions permit.

use accolade_application::access::Secret;
use accolade_application::operators::{
    CreateOperator, Lifetimes, Password, ProvidedError, ProvidedResult, RoundTrip, SignIn,
    SignInResult, SignedIn, create, disable, link, note_refused, session, set_password, sign_in,
    sign_in_by_provider, sign_out, sign_out_everywhere,
};
use accolade_application::ports::{AuditQuery, IdentityProvider, ProviderError};
use accolade_domain::actor::Actor;
use accolade_domain::audit::{Attribution, EntityKind};
use accolade_domain::ids::OperatorNumber;
use accolade_domain::login::Login;
use accolade_domain::operator::{OperatorLink, Permission, Role, Roles};
use accolade_domain::rejection::Code;
use accolade_domain::text::UrlText;
use time::Duration;

use crate::world::{World, at};

const PASSWORD: &str = "correct horse battery";

const LIFETIMES: Lifetimes = Lifetimes {
    idle: Duration::minutes(30),
    most: Duration::hours(12),
};

fn login(text: &str) -> Login {
    Login::try_from(text).unwrap()
}

fn system(world: &World) -> Attribution {
    Attribution::system(world.ports.clock.now())
}

fn ada(world: &World, roles: impl Into<Roles>) -> OperatorNumber {
    let command = CreateOperator {
        org: world.caller.org,
        login: login("ada"),
        name: "Ada".try_into().unwrap(),
        roles: roles.into(),
        password: Password::new(PASSWORD).unwrap(),
    };
    create(&world.ports, command, &system(world)).unwrap()
}

fn try_to_sign_in(world: &World, login: &str, password: &str) -> SignInResult {
    let asked = SignIn {
        login: login.to_owned(),
        password: Password::presented(password),
        tag: Some("request".try_into().unwrap()),
    };
    sign_in(&world.ports, &asked, LIFETIMES).unwrap()
}

fn signed_in(world: &World) -> SignedIn {
    match try_to_sign_in(world, " Ada ", PASSWORD) {
        SignInResult::SignedIn(it) => *it,
        refused @ SignInResult::Refused(_) => panic!("{refused:?}"),
    }
}

fn goes_on(world: &World, token: &Secret) -> bool {
    session(&world.ports, token, LIFETIMES).unwrap().is_some()
}

/// What the audit trail tells of operators, oldest first: what, and who.
fn told(world: &World) -> Vec<(&'static str, Actor)> {
    let query = AuditQuery {
        kinds: vec![EntityKind::Operator],
        limit: 100,
        ..AuditQuery::default()
    };
    let page = world.ports.stores.audit.entries(world.caller.org, &query);
    let entries = page.unwrap().entries.into_iter().rev();
    entries
        .map(|it| (it.entry.action.name(), it.entry.by.actor))
        .collect()
}

#[test]
fn whoever_has_the_password_gets_a_session_whatever_the_case_of_the_login() {
    let world = World::new();
    let number = ada(&world, Role::Care);
    let SignedIn { token, session } = signed_in(&world);
    assert_eq!(session.operator.number, number);
    assert_eq!(session.org.id, world.caller.org);
    let found = self::session(&world.ports, &token, LIFETIMES).unwrap();
    assert_eq!(found, Some(session));
    assert!(!goes_on(&world, &Secret::presented("another token")));
    assert_ne!(signed_in(&world).token.reveal(), token.reveal());
}

#[test]
fn a_wrong_password_and_a_login_that_nobody_has_are_refused_alike() {
    let world = World::new();
    let number = ada(&world, Role::Care);
    for (login, password, expected) in [
        ("ada", "correct horse batter", Some(number)),
        ("ada", "", Some(number)),
        ("eve", PASSWORD, None),
        ("no login at all", PASSWORD, None),
    ] {
        let SignInResult::Refused(operator) = try_to_sign_in(&world, login, password) else {
            panic!("{login} {password}");
        };
        assert_eq!(operator, expected, "{login}");
    }
    disable(&world.ports, None, &login("ada"), &system(&world)).unwrap();
    let refused = try_to_sign_in(&world, "ada", PASSWORD);
    assert!(matches!(refused, SignInResult::Refused(Some(_))));
}

#[test]
fn a_session_ends_when_nobody_uses_it_and_at_the_latest_after_its_most() {
    let world = World::new();
    ada(&world, Role::Care);
    let token = signed_in(&world).token;
    world.clock.advance(Duration::minutes(29));
    assert!(goes_on(&world, &token));
    world.clock.advance(Duration::minutes(29));
    assert!(goes_on(&world, &token));
    world.clock.advance(Duration::minutes(30));
    assert!(!goes_on(&world, &token));
    // Used all the time.
    let SignedIn { token, session } = signed_in(&world);
    while world.ports.clock.now() < session.ends_on {
        assert!(goes_on(&world, &token));
        world.clock.advance(Duration::minutes(20));
    }
    assert!(!goes_on(&world, &token));
    assert_eq!(session.ends_on, session.began_on + Duration::hours(12));
}

#[test]
fn signing_out_ends_one_session_and_everywhere_all_of_them() {
    let world = World::new();
    ada(&world, Role::Care);
    let [first, second, third] = [(); 3].map(|()| signed_in(&world));
    sign_out(&world.ports, &first.token, None).unwrap();
    sign_out(&world.ports, &first.token, None).unwrap();
    let left = [&first, &second, &third].map(|it| goes_on(&world, &it.token));
    assert_eq!(left, [false, true, true]);
    sign_out_everywhere(&world.ports, &second.session, None).unwrap();
    let left = [&first, &second, &third].map(|it| goes_on(&world, &it.token));
    assert_eq!(left, [false; 3]);
}

#[test]
fn another_password_ends_every_session_and_holds_from_then_on() {
    let world = World::new();
    ada(&world, Role::Care);
    let token = signed_in(&world).token;
    let other = Password::new("another horse battery").unwrap();
    set_password(&world.ports, None, &login("ada"), &other, &system(&world)).unwrap();
    assert!(!goes_on(&world, &token));
    let refused = try_to_sign_in(&world, "ada", PASSWORD);
    assert!(matches!(refused, SignInResult::Refused(_)));
    let right = try_to_sign_in(&world, "ada", "another horse battery");
    assert!(matches!(right, SignInResult::SignedIn(_)));
}

#[test]
fn an_operator_acts_only_as_her_roles_permit_with_the_groups_that_this_needs() {
    let world = World::new();
    let number = ada(&world, Roles::from_iter([Role::Care, Role::Approver]));
    let session = signed_in(&world).session;
    let caller = session.caller(Permission::Serve).unwrap();
    assert_eq!(caller.actor, number.into());
    assert_eq!(
        (caller.org, &caller.zone),
        (world.caller.org, &world.caller.zone)
    );
    assert_eq!(caller.groups.to_string(), "badges:read,badges:issue");
    let groups = |permission| session.caller(permission).map(|it| it.groups.to_string());
    assert_eq!(
        groups(Permission::Vote).unwrap(),
        "badges:read,badges:approve"
    );
    let refused = groups(Permission::Audit).unwrap_err();
    assert_eq!(refused.code, Code::Forbidden);
}

#[test]
fn the_audit_trail_has_who_signed_in_and_out_and_who_was_refused() {
    let world = World::new();
    let number = ada(&world, Role::Care);
    let token = signed_in(&world).token;
    note_refused(&world.ports, number, None).unwrap();
    sign_out(&world.ports, &token, None).unwrap();
    let her = Actor::from(number);
    let expected = [
        ("CREATE", Actor::SYSTEM),
        ("SIGN_IN", her),
        ("SIGN_IN_REFUSED", Actor::SYSTEM),
        ("SIGN_OUT", her),
    ];
    assert_eq!(told(&world), expected);
    assert_eq!(world.ports.clock.now(), at("2026-05-01T09:30:00Z"));
}

/// A provider that vouches for one person, by the code of one trip.
struct Provider(OperatorLink);

impl IdentityProvider for Provider {
    fn name(&self) -> &'static str {
        "Company"
    }

    fn issuer(&self) -> &UrlText {
        &self.0.issuer
    }

    fn entrance(&self, trip: &RoundTrip) -> Result<String, ProviderError> {
        Ok(trip.state())
    }

    fn identify(&self, code: &str, trip: &RoundTrip) -> Result<OperatorLink, ProviderError> {
        if code == trip.nonce() {
            return Ok(self.0.clone());
        }
        Err(ProviderError::Refused(anyhow::anyhow!("another code")))
    }
}

#[test]
fn whom_a_provider_vouches_for_is_signed_in_if_she_is_linked_and_not_disabled() {
    let world = World::new();
    let number = ada(&world, Role::Care);
    let provider = Provider(OperatorLink {
        issuer: "https://id.example.org".try_into().unwrap(),
        subject: "7f".try_into().unwrap(),
    });
    let trip = RoundTrip::begin(&*world.ports.secrets);
    let try_in =
        |code: &str| sign_in_by_provider(&world.ports, &provider, (code, &trip), None, LIFETIMES);
    let code = trip.nonce();
    let unlinked = try_in(&code).unwrap();
    assert!(matches!(unlinked, ProvidedResult::Unlinked(subject) if subject.as_str() == "7f"));
    let by = system(&world);
    link(&world.ports, None, &login("ada"), &provider.0, &by).unwrap();
    let refused = try_in("another").unwrap_err();
    assert!(matches!(refused, ProvidedError::Provider(_)), "{refused:?}");
    let ProvidedResult::SignedIn(signed_in) = try_in(&code).unwrap() else {
        panic!("she is linked");
    };
    assert_eq!(signed_in.session.operator.number, number);
    assert!(goes_on(&world, &signed_in.token));
    disable(&world.ports, None, &login("ada"), &by).unwrap();
    let disabled = try_in(&code).unwrap();
    assert!(matches!(disabled, ProvidedResult::Disabled(_)));
    let told: Vec<_> = told(&world).into_iter().map(|it| it.0).collect();
    let expected = ["CREATE", "UPDATE", "SIGN_IN", "REVOKE", "SIGN_IN_REFUSED"];
    assert_eq!(told, expected);
}
