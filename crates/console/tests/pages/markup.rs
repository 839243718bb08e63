//! What every page is: whole without scripts, light, and never somebody's markup.

use accolade_console::declarations;
use actix_web::http::Method;
use actix_web::test::TestRequest;

use crate::support::{Reply, World};

/// A text that would do harm where it is not escaped.
const MARKUP: &str = r#""><img src=x onerror=alert(1)>'&<script>alert(2)</script>"#;

/// Every page of `world` that answers 200, as somebody sees it who may everything.
async fn pages(world: &World) -> Vec<(String, Reply)> {
    let browser = world.sign_in("all").await;
    let mut pages = Vec::new();
    for declared in declarations() {
        if declared.method != Method::GET || declared.path.contains("/assets/") {
            continue;
        }
        let path = world.path(declared.path);
        let reply = world.get(&browser, &path).await;
        if reply.status == 200 && !path.ends_with("/results") {
            pages.push((path, reply));
        }
    }
    for path in [
        "/console/customers?q=anna@example.org%22%3E%3Cimg%20src=x%3E",
        "/console/customers/1?tab=earn",
        "/console/badges?name=%3Cimg%20src=x%3E",
        "/console/audit?entityId=%3Cimg%20src=x%3E&actor=%3Cimg%3E",
        "/console/nothing-there",
    ] {
        pages.push((path.to_owned(), world.get(&browser, path).await));
    }
    let out = world.send(TestRequest::get().uri("/console/sign-in?to=%22%3E%3Cimg%20src=x%3E"));
    pages.push(("sign-in".to_owned(), out.await));
    assert!(pages.len() > 30, "{}", pages.len());
    pages
}

#[actix_web::test]
async fn markup_in_every_field_is_shown_as_text() {
    let world = World::with_text(MARKUP);
    let mut shown = 0;
    for (path, reply) in pages(&world).await {
        for tag in ["<img", "<script>", "onerror=alert(1)>'"] {
            assert!(!reply.body.contains(tag), "{path}: {tag}\n{}", reply.body);
        }
        shown += usize::from(reply.body.contains("onerror=alert"));
    }
    // It is there to be seen, on most pages.
    assert!(shown > 25, "{shown}");
}

#[actix_web::test]
async fn a_page_has_no_code_and_no_style_of_its_own_and_is_kept_nowhere() {
    let world = World::new();
    for (path, reply) in pages(&world).await {
        for inline in [
            "<style",
            " style=",
            "<script>",
            "javascript:",
            " onclick=",
            " onload=",
        ] {
            assert!(!reply.body.contains(inline), "{path}: {inline}");
        }
        let policy = reply.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe"),
            "{path}"
        );
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(reply.header("x-frame-options"), Some("DENY"), "{path}");
        // No request leaves the server.
        for outside in ["src=\"http", "href=\"http", "src=\"//", "href=\"//"] {
            assert!(!reply.body.contains(outside), "{path}: {outside}");
        }
    }
}

#[actix_web::test]
async fn everything_is_a_link_or_a_form_that_leads_to_what_there_is() {
    let world = World::new();
    let declared = declarations();
    let leads = |method: &Method, path: &str| {
        declared.iter().any(|it| {
            let (known, asked) = (it.path.split('/'), path.split('/'));
            it.method == *method
                && known.clone().count() == asked.clone().count()
                && known
                    .zip(asked)
                    .all(|(known, asked)| known.starts_with('{') || known == asked)
        })
    };
    for (page, reply) in pages(&world).await {
        for href in attributes(&reply.body, "<a ", "href") {
            let path = href.split(['?', '#']).next().unwrap_or_default();
            if path.is_empty() {
                let id = href.trim_start_matches('#');
                assert!(
                    reply.body.contains(&format!("id=\"{id}\"")),
                    "{page}: {href}"
                );
                continue;
            }
            assert!(leads(&Method::GET, path), "{page}: {href}");
        }
        let actions = attributes(&reply.body, "<form ", "action");
        let methods = attributes(&reply.body, "<form ", "method");
        assert_eq!(actions.len(), reply.body.matches("<form").count(), "{page}");
        assert_eq!(methods.len(), actions.len(), "{page}");
        for (action, method) in actions.iter().zip(methods) {
            let method = match method.as_str() {
                "get" => Method::GET,
                "post" => Method::POST,
                other => panic!("{page}: {other}"),
            };
            assert!(leads(&method, action), "{page}: {action}");
        }
    }
}

#[actix_web::test]
async fn every_field_has_a_label_every_id_is_there_once_and_every_page_has_one_heading() {
    let world = World::new();
    for (page, reply) in pages(&world).await {
        let body = &reply.body;
        assert_eq!(body.matches("<h1").count(), 1, "{page}");
        assert!(body.contains("<html lang=\"en\">"), "{page}");
        let mut ids = Vec::new();
        for tag in tags(body) {
            if let Some(id) = attribute(tag, "id") {
                assert!(!ids.contains(&id), "{page}: {id} twice");
                ids.push(id);
            }
        }
        for tag in tags(body) {
            let is_field = ["<input ", "<select ", "<textarea "]
                .iter()
                .any(|it| tag.starts_with(it));
            // What is hidden is for programs, such as those that keep passwords.
            let is_hidden = tag.contains("type=\"hidden\"") || tag.contains(" hidden");
            if !is_field || is_hidden {
                continue;
            }
            let id = attribute(tag, "id").unwrap_or_else(|| panic!("{page}: {tag}"));
            assert!(body.contains(&format!("for=\"{id}\"")), "{page}: {tag}");
        }
    }
}

#[actix_web::test]
async fn the_first_page_with_all_that_it_needs_is_under_a_hundred_kilobytes() {
    let world = World::new();
    let browser = world.sign_in("all").await;
    let mut bytes = world
        .get(&browser, "/console/customers/1")
        .await
        .page()
        .len();
    for file in ["console.css", "icon.svg", "htmx.js"] {
        let asset = world
            .send(TestRequest::get().uri(&format!("/console/assets/{file}")))
            .await;
        bytes += asset.page().len();
        assert!(asset.header("cache-control").unwrap().contains("max-age"));
    }
    assert!(bytes < 100 * 1024, "{bytes}");
}

#[actix_web::test]
async fn what_is_not_there_is_a_page_too() {
    let world = World::new();
    let browser = world.sign_in("all").await;
    for path in [
        "/console/nothing-there",
        "/console/customers/abc",
        "/console/badges/66276dc68fe258516a88ff00",
        "/console/jobs/none",
        "/console/assets/secret.css",
        "/console/access/operators/9999",
    ] {
        let reply = world.get(&browser, path).await;
        assert_eq!(reply.status, 404, "{path}");
        assert!(reply.body.starts_with("<!doctype html>"), "{path}");
    }
    let reply = world.post(&browser, "/console/customers", &[]).await;
    assert_eq!(reply.status, 405);
    assert!(reply.body.starts_with("<!doctype html>"));
    assert_eq!(reply.header("allow"), Some("GET, HEAD"));
    let head = TestRequest::default().method(Method::HEAD);
    let head = head.uri("/console/sign-in");
    assert_eq!(world.send(head).await.status, 200);
}

/// The tags of a page.
fn tags(body: &str) -> Vec<&str> {
    let begins = body.match_indices('<').map(|(at, _)| at);
    let tag = |at: usize| {
        let rest = &body[at..];
        &rest[..rest.find('>').map_or(rest.len(), |end| end + 1)]
    };
    begins.map(tag).collect()
}

/// What the tags that begin with `begin` have under `name`.
fn attributes(body: &str, begin: &str, name: &str) -> Vec<String> {
    let all = tags(body).into_iter().filter(|tag| tag.starts_with(begin));
    all.filter_map(|tag| attribute(tag, name)).collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let begin = format!(" {name}=\"");
    let from = tag.find(&begin)? + begin.len();
    let rest = &tag[from..];
    Some(
        rest[..rest.find('"')?]
            .replace("&amp;", "&")
            .replace("&#38;", "&"),
    )
}
