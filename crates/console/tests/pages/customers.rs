//! What the care desk does.

use accolade_application::ports::{AuditQuery, DetailsQuery, PageOf};
use accolade_domain::audit::Action;
use accolade_domain::fixtures::at;

use crate::support::{BADGE, NOW, World};

/// Where customer 2 is enrolled.
const ENROL: &str = "/console/customers/2/badges/66276dc68fe258516a88ff8e/enrol";

/// How many enrolments of the badge the customer has.
fn enrolments(world: &World, customer: i64) -> u64 {
    let page = PageOf { page: 0, size: 1 };
    let query = DetailsQuery {
        customer: customer.try_into().unwrap(),
        badge: BADGE.parse().unwrap(),
        now: at(NOW),
        enrolments: page,
        earns: page,
    };
    let store = &world.ports.stores.customer_badges;
    let found = store.details(100_458.try_into().unwrap(), &query).unwrap();
    found.unwrap().enrolments.total
}

/// The reasons in the audit trail, of what was done in this way.
fn reasons(world: &World, action: Action) -> Vec<String> {
    let query = AuditQuery {
        actions: vec![action],
        limit: 100,
        ..AuditQuery::default()
    };
    let org = 100_458.try_into().unwrap();
    let page = world.ports.stores.audit.entries(org, &query).unwrap();
    let entries = page.entries.into_iter();
    entries
        .filter_map(|it| Some(it.entry.reason?.to_string()))
        .collect()
}

#[actix_web::test]
async fn one_match_of_a_search_opens_the_customer() {
    let world = World::new();
    let care = world.sign_in("care").await;
    let leads_to = async |q: &str| {
        let reply = world.get(&care, &format!("/console/customers?q={q}")).await;
        reply.location().to_owned()
    };
    assert_eq!(leads_to("anna@example.org").await, "/console/customers/1");
    assert_eq!(leads_to("1").await, "/console/customers/1");
    let of_badge = format!("/console/customers/1/badges/{BADGE}");
    assert_eq!(leads_to(world.id("id")).await, of_badge);
    let reply = world
        .get(&care, "/console/customers?q=nobody@example.org")
        .await;
    assert!(reply.page().contains("Nobody was found"));
    assert_eq!(reply.field("q"), "nobody@example.org");
}

#[actix_web::test]
async fn the_page_of_a_customer_has_four_tabs_and_what_happened() {
    let world = World::new();
    let care = world.sign_in("care").await;
    let page = world.get(&care, "/console/customers/1").await;
    for text in [
        "Available to enrol",
        "Available to earn",
        "Earned",
        "Expired",
        "anna@example.org",
        "What happened",
        "Loyalty Gold",
    ] {
        assert!(page.page().contains(text), "{text}");
    }
    // In the org's zone, with UTC on hovering.
    let moment = "<time datetime=\"2026-05-01T12:00:00Z\" title=\"2026-05-01 12:00:00 UTC\">\
                  1 May 2026, 17:30</time>";
    assert!(page.body.contains(moment), "{}", page.body);
    let page = world.get(&care, "/console/customers/1?tab=earn").await;
    assert!(page.page().contains("/earn\""));
}

#[actix_web::test]
async fn an_enrolment_is_shown_before_it_is_made_and_is_made_once_for_a_reason() {
    let world = World::new();
    let care = world.sign_in("care").await;
    let page = world.get(&care, ENROL).await;
    assert!(page.page().contains("can be enrolled"), "{}", page.body);
    let key = page.field("key");
    let send = async |reason: &str| {
        let fields = [
            ("key", key.as_str()),
            ("tried", ""),
            ("eventDate", ""),
            ("reason", reason),
            ("step", "do"),
        ];
        world.post(&care, ENROL, &fields).await
    };
    let refused = send("  ").await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("role=\"alert\"") && refused.body.contains("href=\"#f-reason\""));
    assert_eq!(refused.field("key"), key);
    assert_eq!(enrolments(&world, 2), 0);
    let done = send("She asked at the desk").await;
    let place = format!("/console/customers/2/badges/{BADGE}?done=enrolled");
    assert_eq!(done.location(), place);
    let again = send("She asked at the desk").await;
    assert_eq!(again.location(), place);
    assert_eq!(enrolments(&world, 2), 1);
    assert_eq!(reasons(&world, Action::Create), ["She asked at the desk"]);
    // The same form with something else in it is another wish, and is not carried out.
    let other = send("Something else").await;
    assert_ne!(other.status, 303);
    assert!(other.body.contains("Something else"));
    assert_eq!(enrolments(&world, 2), 1);
}

#[actix_web::test]
async fn another_date_is_tried_before_it_is_carried_out() {
    let world = World::new();
    let care = world.sign_in("care").await;
    let key = world.get(&care, ENROL).await.field("key");
    let fields = [
        ("key", key.as_str()),
        ("tried", ""),
        ("eventDate", "2026-05-01T10:00:00"),
        ("reason", "late"),
        ("step", "do"),
    ];
    let shown = world.post(&care, ENROL, &fields).await;
    assert!(shown.page().contains("can be enrolled"));
    assert_eq!(shown.field("tried"), "2026-05-01T10:00:00");
    assert!(shown.body.contains(">late</textarea>"));
    assert_eq!(enrolments(&world, 2), 0);
    let wrong = [
        ("key", key.as_str()),
        ("eventDate", "soon"),
        ("step", "try"),
    ];
    let shown = world.post(&care, ENROL, &wrong).await;
    assert_eq!(shown.status, 400);
    assert!(shown.body.contains("value=\"soon\""));
}

#[actix_web::test]
async fn who_is_enrolled_already_is_told_so_and_offered_nothing() {
    let world = World::new();
    let care = world.sign_in("care").await;
    let path = format!("/console/customers/1/badges/{BADGE}/enrol");
    let page = world.get(&care, &path).await;
    assert!(page.page().contains("(1040)"), "{}", page.body);
    assert!(!page.body.contains("value=\"do\""));
}

#[actix_web::test]
async fn a_badge_is_earned_and_revoked_once_each_for_a_reason() {
    let world = World::new();
    let care = world.sign_in("care").await;
    let badge = format!("/console/customers/1/badges/{BADGE}");
    let earn = format!("{badge}/earn");
    let key = world.get(&care, &earn).await.field("key");
    let fields = [
        ("key", key.as_str()),
        ("tried", ""),
        ("eventDate", ""),
        ("reason", "The till was down"),
        ("step", "do"),
    ];
    for _ in 0..2 {
        let done = world.post(&care, &earn, &fields).await;
        assert_eq!(done.location(), format!("{badge}?done=earned"));
    }
    let page = world.get(&care, &badge).await;
    assert_eq!(page.page().matches("/earns/").count(), 1, "{}", page.body);
    let from = page.body.find("/earns/").unwrap() + "/earns/".len();
    let revoke = format!("{badge}/earns/{}/revoke", &page.body[from..from + 24]);
    let asked = world.get(&care, &revoke).await;
    let key = asked.field("key");
    let fields = [("key", key.as_str()), ("reason", "It was a mistake")];
    for _ in 0..2 {
        let done = world.post(&care, &revoke, &fields).await;
        assert_eq!(done.location(), format!("{badge}?done=earn-revoked"));
    }
    assert_eq!(reasons(&world, Action::Revoke), ["It was a mistake"]);
    let page = world.get(&care, &badge).await;
    assert!(page.page().contains("It was a mistake"));
    let asked = world.get(&care, &revoke).await;
    assert!(asked.page().contains("cannot be revoked"));
}

#[actix_web::test]
async fn an_enrolment_is_revoked_for_a_reason_that_the_timeline_shows() {
    let world = World::new();
    let care = world.sign_in("care").await;
    let badge = format!("/console/customers/1/badges/{BADGE}");
    let revoke = format!("{badge}/enrolments/{}/revoke", world.id("id"));
    let key = world.get(&care, &revoke).await.field("key");
    let fields = [("key", key.as_str()), ("reason", "She left")];
    let done = world.post(&care, &revoke, &fields).await;
    assert_eq!(done.location(), format!("{badge}?done=enrolment-revoked"));
    let page = world.get(&care, "/console/customers/1/timeline").await;
    assert!(page.page().contains("Enrolment revoked") && page.body.contains("She left"));
}
