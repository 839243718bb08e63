//! What waits for approval, who decides it, and the rules that say what waits.

use accolade_application::Request;
use accolade_application::access::{AccessGroups, AddClient, Caller};
use accolade_application::answer::Answer;
use accolade_application::approvals::{PutApprovalRules, rules};
use accolade_application::people::MergeCustomers;
use accolade_domain::actor::Actor;
use accolade_domain::approval::{ApprovalRules, Approvals, ExpiresAfter, Rule, RuledOperation};
use accolade_domain::ids::CustomerId;

use crate::support::{AnyCommand, BADGE, Browser, Reply, World, caller, run};

/// Where customer 1's enrolment is shown.
const ENROLLED: &str = "/console/customers/1/badges/66276dc68fe258516a88ff8e";

/// Has changes of `operation` wait for one approval.
fn rule(world: &World, operation: RuledOperation) {
    let rule = Rule {
        operation,
        above_rows: 0,
        approvals: Approvals::ONE,
        expires_after: ExpiresAfter::WEEK,
    };
    let rules = ApprovalRules::new(vec![rule]).unwrap();
    run(&world.ports, Box::new(PutApprovalRules { rules }));
}

/// Asks to have the enrolment of customer 1 revoked.
async fn revoke(world: &World, browser: &Browser) -> Reply {
    let path = format!("{ENROLLED}/enrolments/{}/revoke", world.id("id"));
    let key = world.get(browser, &path).await.field("key");
    let fields = [("key", key.as_str()), ("reason", "She left")];
    world.post(browser, &path, &fields).await
}

/// The page of the one change of this operation.
async fn change(world: &World, browser: &Browser, operation: RuledOperation) -> String {
    let list = format!(
        "/console/approvals?state=PENDING&operation={}",
        operation.name()
    );
    let list = world.get(browser, &list).await;
    let link = "<th scope=\"row\"><a href=\"/console/approvals/";
    assert_eq!(list.page().matches(link).count(), 1, "{}", list.body);
    let from = list.body.find(link).unwrap() + "<th scope=\"row\"><a href=\"".len();
    let rest = &list.body[from..];
    rest[..rest.find('"').unwrap()].to_owned()
}

/// Sends the form of the change's page to `what`, with a comment.
async fn decide(world: &World, browser: &Browser, page: &str, what: &str) -> Reply {
    let key = world.get(browser, page).await.field("key");
    let fields = [("key", key.as_str()), ("comment", "I have looked at it")];
    world
        .post(browser, &format!("{page}/{what}"), &fields)
        .await
}

/// Sends a form that nobody offered.
async fn insist(world: &World, browser: &Browser, page: &str, what: &str) -> Reply {
    let fields = [("key", "made-up"), ("comment", "")];
    world
        .post(browser, &format!("{page}/{what}"), &fields)
        .await
}

#[actix_web::test]
async fn what_a_rule_holds_says_that_it_waits_and_a_vote_carries_it_out() {
    let world = World::new();
    rule(&world, RuledOperation::Revoke);
    let care = world.sign_in("care").await;
    let held = revoke(&world, &care).await;
    assert_eq!(held.location(), format!("{ENROLLED}?done=held"));
    let shown = world.get(&care, held.location()).await;
    assert!(shown.page().contains("It waits for approval."));
    assert!(!shown.body.contains("She left"), "{}", shown.body);

    let page = change(&world, &care, RuledOperation::Revoke).await;
    let approver = world.sign_in("approver").await;
    let asked = world.get(&approver, &page).await;
    assert!(asked.page().contains("now as when it was made"));
    assert!(asked.body.contains("She left") && asked.body.contains(BADGE));
    let key = asked.field("key");
    let fields = [("key", key.as_str()), ("comment", "She did leave")];
    // The form sent twice is one vote.
    for _ in 0..2 {
        let voted = (world.post(&approver, &format!("{page}/approve"), &fields)).await;
        assert_eq!(voted.location(), format!("{page}?done=approved"));
    }
    let shown = world.get(&approver, &format!("{page}?done=approved")).await;
    assert!(shown.page().contains("What came of it"), "{}", shown.body);
    assert!(shown.body.contains("HTTP 200"));
    assert_eq!(shown.body.matches("She did leave").count(), 1);
    assert!(!shown.body.contains("/approve\"") && !shown.body.contains("/withdraw\""));
    let shown = world.get(&care, ENROLLED).await;
    assert!(shown.page().contains("She left"), "{}", shown.body);
    // Who comes late is told so, and nothing happens.
    let late = insist(&world, &world.sign_in("all").await, &page, "approve").await;
    assert_eq!(late.status, 409);
    assert!(late.body.contains("(1963)"), "{}", late.body);
}

#[actix_web::test]
async fn who_decides_what_was_made_by_hand_sees_the_reason() {
    let world = World::new();
    rule(&world, RuledOperation::Enrol);
    let care = world.sign_in("care").await;
    let path = format!("/console/customers/2/badges/{BADGE}/enrol");
    let key = world.get(&care, &path).await.field("key");
    let fields = [
        ("key", key.as_str()),
        ("tried", ""),
        ("eventDate", ""),
        ("reason", "She asked at the desk"),
        ("step", "do"),
    ];
    world.post(&care, &path, &fields).await;
    let page = change(&world, &care, RuledOperation::Enrol).await;
    let asked = world.get(&world.sign_in("approver").await, &page).await;
    let shown = "<dt>Reason</dt><dd>She asked at the desk</dd>";
    assert!(asked.page().contains(shown), "{}", asked.body);
}

#[actix_web::test]
async fn what_is_rejected_is_not_done() {
    let world = World::new();
    rule(&world, RuledOperation::Revoke);
    let care = world.sign_in("care").await;
    revoke(&world, &care).await;
    let page = change(&world, &care, RuledOperation::Revoke).await;
    let approver = world.sign_in("approver").await;
    let rejected = decide(&world, &approver, &page, "reject").await;
    assert_eq!(rejected.location(), format!("{page}?done=rejected"));
    let shown = world.get(&care, &page).await;
    assert!(shown.page().contains("I have looked at it"));
    let shown = world.get(&care, ENROLLED).await;
    assert!(!shown.page().contains("She left"));
}

#[actix_web::test]
async fn who_made_a_change_cannot_vote_on_it_and_withdraws_it_herself() {
    let world = World::new();
    rule(&world, RuledOperation::Revoke);
    let all = world.sign_in("all").await;
    revoke(&world, &all).await;
    let page = change(&world, &all, RuledOperation::Revoke).await;
    let hers = world.get(&all, &page).await;
    assert!(!hers.page().contains("/approve\"") && hers.body.contains("/withdraw\""));
    let refused = insist(&world, &all, &page, "approve").await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("(1966)"), "{}", refused.body);

    let approver = world.sign_in("approver").await;
    let others = world.get(&approver, &page).await;
    assert!(others.page().contains("/approve\"") && !others.body.contains("/withdraw\""));
    let refused = insist(&world, &approver, &page, "withdraw").await;
    assert_eq!(refused.status, 403);
    // Somebody without the role sees it, and is offered nothing.
    let viewer = world.sign_in("viewer").await;
    let seen = world.get(&viewer, &page).await;
    assert!(!seen.page().contains("/approve\"") && !seen.body.contains("/withdraw\""));
    assert_eq!(insist(&world, &viewer, &page, "approve").await.status, 403);

    let withdrawn = decide(&world, &all, &page, "withdraw").await;
    assert_eq!(withdrawn.location(), format!("{page}?done=withdrawn"));
    let shown = world.get(&approver, &page).await;
    assert!(shown.page().contains("withdrawn") && !shown.body.contains("/approve\""));
    let shown = world.get(&all, ENROLLED).await;
    assert!(!shown.page().contains("She left"));
}

#[actix_web::test]
async fn what_a_client_of_hers_made_is_hers() {
    let world = World::new();
    let client = AddClient {
        name: "Nightly".try_into().unwrap(),
        groups: AccessGroups::ALL,
        owner: Some("approver".try_into().unwrap()),
    };
    let Answer::Client(client) = run(&world.ports, Box::new(client)) else {
        panic!("no client")
    };
    let merge = MergeCustomers {
        from: CustomerId::try_from(4).unwrap().into(),
        to: CustomerId::try_from(5).unwrap().into(),
        reason: None,
    };
    let request = Request::new(Caller {
        actor: Actor::from(client.number),
        ..caller()
    });
    let Answer::Held(held) = Box::new(merge).execute(&world.ports, request) else {
        panic!("not held")
    };
    let page = format!("/console/approvals/{}", held.change);
    let approver = world.sign_in("approver").await;
    let shown = world.get(&approver, &page).await;
    assert!(shown.page().contains("Nightly") && !shown.body.contains("/approve\""));
    let refused = insist(&world, &approver, &page, "approve").await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("(1966)"), "{}", refused.body);
    let withdrawn = decide(&world, &approver, &page, "withdraw").await;
    assert_eq!(withdrawn.location(), format!("{page}?done=withdrawn"));
}

#[actix_web::test]
async fn rules_are_saved_and_wait_themselves_once_a_rule_says_so() {
    let world = World::new();
    let admin = world.sign_in("admin").await;
    let path = "/console/approvals/rules";
    let page = world.get(&admin, path).await;
    assert!(
        page.page().contains("value=\"MERGE\" checked"),
        "{}",
        page.body
    );
    let key = page.field("key");
    let wrong = [
        ("key", key.as_str()),
        ("ruled", "ENROL"),
        ("ENROL.aboveRows", "many"),
    ];
    let refused = world.post(&admin, path, &wrong).await;
    assert_eq!(refused.status, 400);
    assert!(
        refused.body.contains("href=\"#f-ENROL\""),
        "{}",
        refused.body
    );
    assert_eq!(refused.field("ENROL.aboveRows"), "many");

    let fields = [
        ("key", key.as_str()),
        ("ruled", "ENROL"),
        ("ENROL.aboveRows", "100"),
        ("ENROL.approvals", "2"),
        ("ENROL.hours", "24"),
        ("ruled", "RULES"),
        ("RULES.approvals", ""),
        ("RULES.hours", ""),
    ];
    for _ in 0..2 {
        let saved = world.post(&admin, path, &fields).await;
        assert_eq!(saved.location(), "/console/approvals?done=rules-saved");
    }
    let enrol = Rule {
        operation: RuledOperation::Enrol,
        above_rows: 100,
        approvals: 2.try_into().unwrap(),
        expires_after: 86_400.try_into().unwrap(),
    };
    let of_rules = Rule {
        operation: RuledOperation::Rules,
        above_rows: 0,
        approvals: Approvals::ONE,
        expires_after: ExpiresAfter::WEEK,
    };
    let known = || rules(&world.ports, &caller()).unwrap();
    assert_eq!(known().as_slice(), [enrol, of_rules]);

    let key = world.get(&admin, path).await.field("key");
    let held = world.post(&admin, path, &[("key", key.as_str())]).await;
    assert_eq!(held.location(), "/console/approvals?done=held");
    assert_eq!(known().as_slice(), [enrol, of_rules]);
    let page = change(&world, &admin, RuledOperation::Rules).await;
    let approver = world.sign_in("approver").await;
    decide(&world, &approver, &page, "approve").await;
    assert_eq!(known().as_slice(), []);
}
