//! Signing in by a provider: which browser may, where it leads, and what is said to who may not.

use actix_web::test::TestRequest;

use crate::support::{Browser, Reply, World};

/// A browser that was sent to the provider, and with which state.
struct Sent {
    browser: Browser,
    state: String,
}

async fn begin(world: &World, to: &str) -> Sent {
    let nobody = Browser {
        cookie: String::new(),
    };
    let path = format!("/console/sign-in/oidc?to={to}");
    let reply = world.get(&nobody, &path).await;
    let (there, state) = reply.location().split_once("?state=").unwrap();
    assert_eq!(there, "https://id.example.org/in");
    let set = reply.header("set-cookie").unwrap();
    for part in [
        "__Host-",
        "; Secure;",
        "; HttpOnly;",
        "SameSite=Lax",
        "Max-Age=600",
    ] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains(state), "{set}");
    Sent {
        browser: Browser {
            cookie: reply.cookie(),
        },
        state: state.to_owned(),
    }
}

async fn come_back(world: &World, sent: &Sent, code: &str) -> Reply {
    let path = format!(
        "/console/sign-in/oidc/callback?code={code}&state={}",
        sent.state
    );
    world.get(&sent.browser, &path).await
}

/// Has an admin link the operator of all roles.
async fn link(world: &World, subject: &str) -> Reply {
    let admin = world.sign_in("admin").await;
    let page = world.path("/console/access/operators/{operator}/link");
    world.post(&admin, &page, &[("subject", subject)]).await
}

#[actix_web::test]
async fn who_is_linked_gets_a_session_and_goes_on_to_where_she_wanted_to_go() {
    let world = World::new();
    let page = world.send(TestRequest::get().uri("/console/sign-in")).await;
    assert!(page.page().contains("Sign in with Gold"));
    let linked = link(&world, " ada ").await;
    assert!(linked.location().ends_with("?done=operator-linked"));
    let sent = begin(&world, "%2Fconsole%2Fbadges%3Fname%3DGo%2Bld").await;
    let reply = come_back(&world, &sent, "ada").await;
    assert_eq!(reply.location(), "/console/badges?name=Go+ld");
    let set = |name: &str| {
        let cookies = reply.headers.iter().filter(|it| it.0 == "set-cookie");
        let mut values = cookies.map(|it| it.1.as_str());
        values.find(|it| it.starts_with(name)).unwrap().to_owned()
    };
    assert!(set("__Host-accolade-trip=;").contains("Max-Age=0"));
    let session = set("__Host-accolade=");
    let browser = Browser {
        cookie: session.split(';').next().unwrap().to_owned(),
    };
    assert_eq!(world.get(&browser, "/console/account").await.status, 200);
}

#[actix_web::test]
async fn nobody_is_led_to_another_site_or_round_and_round() {
    let world = World::new();
    link(&world, "ada").await;
    for to in [
        "https:%2F%2Fevil.example",
        "%2F%2Fevil.example",
        "%2Fconsole%2Fsign-in%2Foidc",
    ] {
        let sent = begin(&world, to).await;
        let reply = come_back(&world, &sent, "ada").await;
        assert_eq!(reply.location(), "/console/customers", "{to}");
    }
    let sent = begin(&world, "%2Fconsole%2Fbadges").await;
    let evil = Sent {
        browser: Browser {
            cookie: format!("{}%2F%2Fevil", sent.browser.cookie.replace("console", "")),
        },
        ..sent
    };
    let reply = come_back(&world, &evil, "ada").await;
    assert_eq!(reply.location(), "/console/customers");
}

#[actix_web::test]
async fn a_browser_that_was_not_sent_there_comes_back_for_nothing() {
    let world = World::new();
    link(&world, "ada").await;
    let sent = begin(&world, "").await;
    let other = begin(&world, "").await;
    let crossed = Sent {
        browser: other.browser.clone(),
        state: sent.state.clone(),
    };
    let without = Sent {
        browser: Browser {
            cookie: String::new(),
        },
        state: sent.state.clone(),
    };
    let made_up = Sent {
        browser: sent.browser.clone(),
        state: String::new(),
    };
    for refused in [&crossed, &without, &made_up] {
        let reply = come_back(&world, refused, "ada").await;
        assert_eq!(reply.status, 400);
        assert_eq!(reply.header("set-cookie"), None);
        assert!(reply.body.contains("was not begun in this browser"));
    }
    assert_eq!(come_back(&world, &sent, "").await.status, 400);
    let elsewhere = format!(
        "/console/sign-in/oidc/callback?code=ada&state={}&iss=https://evil.example",
        sent.state
    );
    assert_eq!(world.get(&sent.browser, &elsewhere).await.status, 400);
    assert_eq!(come_back(&world, &sent, "ada").await.status, 303);
}

#[actix_web::test]
async fn a_page_of_another_site_sends_nobody_to_the_provider() {
    let world = World::new();
    for site in ["cross-site", "same-site"] {
        let request = TestRequest::get()
            .uri("/console/sign-in/oidc?to=%2Fconsole%2Fbadges")
            .insert_header(("Sec-Fetch-Site", site));
        let reply = world.send(request).await;
        assert_eq!(reply.location(), "/console/sign-in?to=%2Fconsole%2Fbadges");
        assert_eq!(reply.header("set-cookie"), None);
    }
}

#[actix_web::test]
async fn who_is_not_let_in_is_told_why_and_may_use_her_password() {
    let world = World::new();
    for (code, status, says) in [
        ("refused", 401, "does not prove who you are"),
        ("away", 503, "Gold does not answer"),
    ] {
        let sent = begin(&world, "%2Fconsole%2Fbadges").await;
        let reply = come_back(&world, &sent, code).await;
        assert_eq!(reply.status, status, "{code}");
        assert!(reply.body.contains(says), "{code}: {}", reply.body);
        assert_eq!(reply.field("to"), "/console/badges");
    }
    let sent = begin(&world, "").await;
    let path = format!(
        "/console/sign-in/oidc/callback?error=access_denied&state={}",
        sent.state
    );
    let reply = world.get(&sent.browser, &path).await;
    assert_eq!(reply.status, 403);
    assert!(reply.body.contains("Gold did not sign you in"));
    // Nobody is linked, and nobody is created.
    let sent = begin(&world, "").await;
    let reply = come_back(&world, &sent, "auth0|7%3Cimg%3E").await;
    assert_eq!(reply.status, 403);
    assert!(reply.body.contains("Ask an admin"));
    assert!(
        reply.body.contains("auth0|7&#60;img&#62;"),
        "{}",
        reply.body
    );
    world.sign_in("all").await;
}

#[actix_web::test]
async fn an_admin_links_an_operator_to_a_subject_that_nobody_has_and_takes_it_back() {
    let world = World::new();
    let admin = world.sign_in("admin").await;
    let page = world.path("/console/access/operators/{operator}");
    let linked = link(&world, "ada").await;
    let again = link(&world, "ada").await;
    assert_eq!(linked.location(), again.location());
    let shown = world.get(&admin, &page).await;
    assert!(shown.page().contains("<code>ada</code>") && shown.body.contains("/unlink\""));
    let number: i64 = world.id("operator").parse().unwrap();
    let other = format!("/console/access/operators/{}/link", number + 1);
    for (subject, says) in [
        ("ada", "Another operator"),
        ("é", "characters of ASCII"),
        ("", "1 to 255"),
    ] {
        let reply = world.post(&admin, &other, &[("subject", subject)]).await;
        assert_eq!(reply.status, 400, "{subject}");
        assert!(reply.body.contains(says), "{subject}: {}", reply.body);
        assert_eq!(reply.field("subject"), subject);
    }
    let unlinked = world.post(&admin, &format!("{page}/unlink"), &[]).await;
    assert!(unlinked.location().ends_with("?done=operator-unlinked"));
    assert!(
        !world
            .get(&admin, &page)
            .await
            .page()
            .contains("<code>ada</code>")
    );
    let sent = begin(&world, "").await;
    assert_eq!(come_back(&world, &sent, "ada").await.status, 403);
}

#[actix_web::test]
async fn after_too_many_codes_that_are_not_good_further_ones_wait_and_a_good_one_passes() {
    let world = World::new();
    link(&world, "ada").await;
    for turn in 1..=21 {
        let sent = begin(&world, "").await;
        let reply = come_back(&world, &sent, "refused").await;
        assert_eq!(reply.status, if turn > 20 { 429 } else { 401 }, "{turn}");
    }
    let sent = begin(&world, "").await;
    assert_eq!(come_back(&world, &sent, "ada").await.status, 303);
}
