//! Who gets in, and who may do what.

use accolade_console::declarations;
use accolade_domain::operator::{Role, Roles};
use actix_web::http::Method;
use actix_web::test::TestRequest;

use crate::support::{Browser, PASSWORD, World, form};

#[actix_web::test]
async fn every_role_gets_the_pages_and_forms_that_it_is_permitted_and_no_other() {
    let world = World::new();
    for role in Role::ALL {
        let browser = world.sign_in(role.name()).await;
        for declared in declarations() {
            let Some(needs) = declared.needs else {
                continue;
            };
            if declared.path.ends_with("/account/sign-out") {
                continue;
            }
            let path = world.path(declared.path);
            let reply = if declared.method == Method::GET {
                world.get(&browser, &path).await
            } else {
                // A form that says nothing is refused, but only to who may send one.
                world.post(&browser, &path, &[]).await
            };
            let may = Roles::from(*role).may(needs);
            let what = format!(
                "{} {} {path}: {}",
                role.name(),
                declared.method,
                reply.status
            );
            assert_eq!(reply.status != 403, may, "{what}");
            assert!(reply.status < 500, "{what}\n{}", reply.body);
            if declared.method == Method::GET && may && !path.contains("/earns/") {
                assert!(matches!(reply.status, 200 | 303), "{what}\n{}", reply.body);
            }
        }
    }
}

#[actix_web::test]
async fn no_form_is_taken_that_a_page_of_ours_did_not_send() {
    let world = World::new();
    let browser = world.sign_in("all").await;
    for declared in declarations() {
        if declared.method != Method::POST {
            continue;
        }
        let path = world.path(declared.path);
        let strangers: [&[(&str, &str)]; 5] = [
            &[],
            &[("Sec-Fetch-Site", "cross-site")],
            &[("Sec-Fetch-Site", "same-site")],
            &[("Sec-Fetch-Site", "none")],
            &[("Host", "localhost"), ("Origin", "https://evil.example")],
        ];
        for headers in strangers {
            let mut request = form(&path, &[]).insert_header(("Cookie", browser.cookie.as_str()));
            for header in headers {
                request = request.insert_header(*header);
            }
            let reply = world.send(request).await;
            assert_eq!(reply.status, 403, "{path} {headers:?}");
        }
    }
    // She is signed in still.
    assert_eq!(world.get(&browser, "/console/account").await.status, 200);
}

#[actix_web::test]
async fn a_form_of_an_old_browser_is_known_by_its_origin() {
    let world = World::new();
    let fields = [("login", "care"), ("password", PASSWORD)];
    let request = form("/console/sign-in", &fields)
        .insert_header(("Host", "badges.example.org"))
        .insert_header(("Origin", "https://badges.example.org"));
    assert_eq!(world.send(request).await.status, 303);
}

#[actix_web::test]
async fn who_is_not_signed_in_is_led_to_the_sign_in_and_on_to_where_she_wanted_to_go() {
    let world = World::new();
    for declared in declarations() {
        if declared.needs.is_none() {
            continue;
        }
        let path = world.path(declared.path);
        let request = if declared.method == Method::GET {
            TestRequest::get().uri(&path)
        } else {
            form(&path, &[]).insert_header(("Sec-Fetch-Site", "same-origin"))
        };
        let reply = world.send(request).await;
        let leads_to = reply.location();
        assert!(
            leads_to.starts_with("/console/sign-in?"),
            "{path}: {leads_to}"
        );
    }
    let wanted = "/console/customers/1?tab=earned";
    let reply = world.send(TestRequest::get().uri(wanted)).await;
    let page = world.send(TestRequest::get().uri(reply.location())).await;
    let to = page.field("to");
    let fields = [
        ("login", "care"),
        ("password", PASSWORD),
        ("to", to.as_str()),
    ];
    let request = form("/console/sign-in", &fields);
    let reply = world
        .send(request.insert_header(("Sec-Fetch-Site", "same-origin")))
        .await;
    assert_eq!(reply.location(), wanted);
}

#[actix_web::test]
async fn a_session_that_somebody_planted_is_nobodys_after_a_sign_in() {
    let world = World::new();
    let planted = Browser {
        cookie: "__Host-accolade=planted".to_owned(),
    };
    let fields = [("login", "care"), ("password", PASSWORD)];
    let reply = world.post(&planted, "/console/sign-in", &fields).await;
    let own = Browser {
        cookie: reply.cookie(),
    };
    assert_ne!(own.cookie, planted.cookie);
    assert_eq!(world.get(&planted, "/console/account").await.status, 303);
    assert_eq!(world.get(&own, "/console/account").await.status, 200);
    let set = reply.header("set-cookie").unwrap();
    for word in [
        "__Host-",
        "; Path=/;",
        "; Secure;",
        "; HttpOnly;",
        "SameSite=",
    ] {
        assert!(set.contains(word), "{set}");
    }
    // Who signs in again in the same browser gets another session, and the first one ends.
    let reply = world.post(&own, "/console/sign-in", &fields).await;
    assert_ne!(reply.cookie(), own.cookie);
    assert_eq!(world.get(&own, "/console/account").await.status, 303);
}

#[actix_web::test]
async fn who_signs_out_is_out_and_who_signs_out_everywhere_is_so_on_every_device() {
    let world = World::new();
    let [first, second, third] = [
        world.sign_in("care").await,
        world.sign_in("care").await,
        world.sign_in("care").await,
    ];
    let other = world.sign_in("viewer").await;
    let reply = world.post(&first, "/console/sign-out", &[]).await;
    assert!(reply.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(world.get(&first, "/console/account").await.status, 303);
    assert_eq!(world.get(&second, "/console/account").await.status, 200);
    let reply = world.post(&second, "/console/account/sign-out", &[]).await;
    assert_eq!(reply.location(), "/console/sign-in?out=1");
    for ended in [&second, &third] {
        assert_eq!(world.get(ended, "/console/account").await.status, 303);
    }
    assert_eq!(world.get(&other, "/console/account").await.status, 200);
}

#[actix_web::test]
async fn a_wrong_password_is_refused_alike_whoever_it_is_of_and_the_login_is_kept() {
    let world = World::new();
    let nobody = Browser {
        cookie: String::new(),
    };
    let mut bodies = Vec::new();
    for login in ["care", "nobody"] {
        let fields = [("login", login), ("password", "wrong wrong wrong")];
        let reply = world.post(&nobody, "/console/sign-in", &fields).await;
        assert_eq!(reply.status, 401);
        assert_eq!(reply.header("set-cookie"), None);
        // It would have browsers ask by themselves.
        assert_eq!(reply.header("www-authenticate"), None);
        assert_eq!(reply.field("login"), login);
        assert!(!reply.body.contains("wrong wrong"));
        bodies.push(reply.body.replace(login, ""));
    }
    assert_eq!(bodies[0], bodies[1]);
}

#[actix_web::test]
async fn a_login_is_one_whatever_its_case() {
    let world = World::new();
    let browser = world.sign_in("CARE").await;
    assert_eq!(world.get(&browser, "/console/account").await.status, 200);
}

#[actix_web::test]
async fn what_a_role_may_not_do_is_not_offered() {
    let world = World::new();
    let viewer = world.sign_in("viewer").await;
    let page = world.get(&viewer, "/console/customers/2").await;
    assert!(!page.page().contains("/enrol\""));
    let page = world
        .get(&viewer, &world.path("/console/badges/{badge}"))
        .await;
    assert!(!page.page().contains("/edit\"") && !page.body.contains("/claim\""));
    assert!(!page.body.contains("/console/audit") && !page.body.contains("/console/webhooks"));
    let care = world.sign_in("care").await;
    let page = world.get(&care, "/console/customers/2").await;
    assert!(page.page().contains("/enrol\""));
    let admin = world.sign_in("admin").await;
    let page = world.get(&admin, "/console/customers/2").await;
    assert!(page.page().contains("/console/audit"));
}

#[actix_web::test]
async fn an_operator_is_created_once_gets_other_roles_and_is_disabled() {
    let world = World::new();
    let admin = world.sign_in("admin").await;
    let fields = [
        ("login", "Eva"),
        ("name", "Eva"),
        ("password", PASSWORD),
        ("roles", "care"),
    ];
    let new = "/console/access/operators/new";
    let created = world.post(&admin, new, &fields).await;
    let page = created.location().split('?').next().unwrap().to_owned();
    // The form sent twice shows the same page; whoever wants something else under the login is told.
    let again = world.post(&admin, new, &fields).await;
    assert_eq!(again.location(), created.location());
    for other in [
        ("name", "Eve"),
        ("roles", "viewer"),
        ("password", "quite another password"),
    ] {
        let fields = fields.map(|it| if it.0 == other.0 { other } else { it });
        let taken = world.post(&admin, new, &fields).await;
        assert_eq!(taken.status, 400);
        assert_eq!(taken.field("login"), "Eva");
        assert!(!taken.body.contains("password\" value") && !taken.body.contains(PASSWORD));
    }
    let eva = world.sign_in("eva").await;
    // She uses it: whether the password is hers is not told.
    assert_eq!(world.post(&admin, new, &fields).await.status, 400);
    let roles = [("roles", "viewer"), ("roles", "admin")];
    let saved = world.post(&admin, &format!("{page}/roles"), &roles).await;
    assert_eq!(saved.status, 303);
    assert_eq!(world.get(&eva, "/console/audit").await.status, 200);
    let disabled = world.post(&admin, &format!("{page}/disable"), &[]).await;
    let again = world.post(&admin, &format!("{page}/disable"), &[]).await;
    assert_eq!(disabled.location(), again.location());
    assert_eq!(world.get(&eva, "/console/audit").await.status, 303);
}
