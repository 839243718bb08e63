//! Authentication as a whole, on clients in memory.

mod presented;

use std::sync::Arc;
use std::time::Duration;

use accolade_application::access::{
    AccessGroup, AccessGroups, CreateClient, NewCredentials, Secret, begin_rotation, create_client,
    create_client_with, create_org, finish_rotation, revoke_client,
};
use accolade_application::gate::Turn;
use accolade_application::ports::{Org, Ports};
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant as Moment;
use accolade_domain::text::Name;
use accolade_domain::zone::Zone;
use accolade_memory::{FixedClock, MemoryStore, memory_ports};
use actix_web::body::MessageBody as _;
use actix_web::http::header::{self, HeaderMap};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpMessage as _, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::permit::PERMIT_AGAIN;
use super::*;
use crate::dispatch::Effect;
use crate::router;

struct Here {
    ports: Ports,
    clock: Arc<FixedClock>,
    auth: Auth,
    client: NewCredentials,
}

const OPTIONS: fn() -> AuthOptions = || AuthOptions {
    token_ttl: Duration::from_mins(5),
    token_keys: vec![vec![7; 32]],
    failures_per_key: 2,
    failures_per_address: 1_000,
};

/// Credentials that callers had before. Form encoding changes them.
const BROUGHT_KEY: &str = "till+7@example.org";
const BROUGHT_SECRET: &str = "5f4dcc3b5aa765d6%2B1d:327deb";

fn here() -> Here {
    let now = Moment::from_unix_seconds(1_800_000_000).unwrap();
    let clock = Arc::new(FixedClock::at(now));
    let ports = memory_ports(Arc::new(MemoryStore::default()), clock.clone());
    let org = OrgId::try_from(100_458).unwrap();
    let name = Name::try_from("Org").unwrap();
    let zone = Zone::utc();
    create_org(
        &ports,
        &Org {
            id: org,
            name: name.clone(),
            zone,
            region: None,
        },
    )
    .unwrap();
    let groups = AccessGroups::from_iter([AccessGroup::BadgesRead, AccessGroup::BadgesWrite]);
    let command = CreateClient {
        org,
        name,
        groups,
        owner: None,
    };
    let client = create_client(&ports, command.clone()).unwrap();
    let secret = Secret::brought_along(BROUGHT_SECRET).unwrap();
    let key = ClientKey::try_from(BROUGHT_KEY).unwrap();
    create_client_with(&ports, command, &key, &secret).unwrap();
    let auth = Auth::new(
        &ports,
        Dispatcher::new(2, 10),
        TrustedProxies::default(),
        &OPTIONS(),
    );
    Here {
        ports,
        clock,
        auth,
        client,
    }
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_mins(1))
}

fn basic(key: &str, secret: &str) -> (HeaderName, String) {
    let encoded = STANDARD.encode(format!("{key}:{secret}"));
    (AUTHORIZATION, format!("Basic {encoded}"))
}

impl Here {
    fn right(&self) -> (HeaderName, String) {
        basic(self.client.key.as_str(), self.client.secret.reveal())
    }

    async fn ask(&self, headers: &[(HeaderName, String)]) -> Result<Caller, Failure> {
        self.ask_for(AccessGroup::BadgesRead, headers).await
    }

    async fn ask_for(
        &self,
        group: AccessGroup,
        headers: &[(HeaderName, String)],
    ) -> Result<Caller, Failure> {
        let mut request = TestRequest::get().peer_addr("192.0.2.1:5".parse().unwrap());
        for header in headers {
            request = request.append_header(header.clone());
        }
        let request = request.to_http_request();
        request
            .extensions_mut()
            .insert(Deadline::after(Duration::from_mins(1)));
        let permitted = self.auth.permit(&request, group.into()).await;
        permitted.map(|(caller, _)| caller)
    }

    /// What `/oauth2/token` answers to `form` with Basic credentials.
    async fn grant(&self, basic: (HeaderName, String), form: &[(&str, &str)]) -> (u16, Value) {
        let form = [&[("grant_type", "client_credentials")], form].concat();
        let request = TestRequest::with_uri("/oauth2/token")
            .set_form(form)
            .insert_header(basic);
        let (status, _, answer) = self.post(request).await;
        (status, answer)
    }

    /// A token for its client.
    async fn token(&self) -> String {
        let (status, answer) = self.grant(self.right(), &[]).await;
        assert_eq!(status, 200);
        answer["access_token"].as_str().unwrap().to_owned()
    }

    async fn code(&self, headers: &[(HeaderName, String)]) -> Option<u32> {
        self.ask(headers)
            .await
            .err()
            .map(|failure| failure.code().number())
    }

    async fn post(&self, request: TestRequest) -> (u16, HeaderMap, Value) {
        let app = init_service(
            App::new()
                .app_data(web::Data::new(self.auth.clone()))
                .configure(|config| {
                    let mut operations = generate::operations();
                    operations.extend(oauth2::operations());
                    router::serve(config, operations);
                }),
        )
        .await;
        let request = request.method(actix_web::http::Method::POST).to_request();
        request
            .extensions_mut()
            .insert(Deadline::after(Duration::from_mins(1)));
        let response: HttpResponse = call_service(&app, request).await.into_parts().1;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.into_body().try_into_bytes().unwrap();
        (status, headers, serde_json::from_slice(&body).unwrap())
    }
}

#[actix_web::test]
async fn right_credentials_tell_who_calls_and_others_do_not() {
    let here = here();
    let caller = here.ask(&[here.right()]).await.unwrap();
    assert_eq!(
        (caller.org.get(), caller.actor),
        (100_458, here.client.number.into())
    );
    assert_eq!(here.code(&[]).await, Some(1930));
    let key = here.client.key.as_str();
    assert_eq!(here.code(&[basic(key, "wrong")]).await, Some(1930));
    assert_eq!(here.code(&[basic("nobody", "wrong")]).await, Some(1930));
    assert_eq!(here.code(&[basic("no key!", "wrong")]).await, Some(1930));
}

#[actix_web::test]
async fn what_a_client_may_not_do_and_another_org_are_forbidden() {
    let here = here();
    let request = TestRequest::get()
        .insert_header(here.right())
        .to_http_request();
    request
        .extensions_mut()
        .insert(Deadline::after(Duration::from_mins(1)));
    let failure = here
        .auth
        .permit(&request, AccessGroup::BadgesIssue.into())
        .await
        .unwrap_err();
    assert_eq!(failure.code().number(), 1931);
    let name = HeaderName::from_static("x-cap-api-auth-org-id");
    let of_org = |org: &str| [here.right(), (name.clone(), org.to_owned())];
    assert_eq!(here.code(&of_org("100458")).await, None);
    assert_eq!(here.code(&of_org("100459")).await, Some(1931));
    assert_eq!(here.code(&of_org("x")).await, Some(1931));
    let [right, own] = of_org("100458");
    let other = (name.clone(), "100459".to_owned());
    assert_eq!(here.code(&[right, own, other]).await, Some(1931));
}

#[actix_web::test]
async fn after_too_many_wrong_secrets_further_wrong_ones_wait_and_right_ones_pass() {
    let here = here();
    for key in [here.client.key.as_str(), "nobody"] {
        let wrong = [basic(key, "wrong")];
        assert_eq!(here.code(&wrong).await, Some(1930));
        assert_eq!(here.code(&wrong).await, Some(1930));
        let failure = here.ask(&wrong).await.unwrap_err();
        assert_eq!(failure.code().number(), 1932);
        let (name, wait) = &failure.headers()[0];
        assert_eq!(*name, header::RETRY_AFTER);
        assert!((1..=60).contains(&wait.to_str().unwrap().parse::<u32>().unwrap()));
    }
    assert_eq!(here.code(&[here.right()]).await, None);
    // What is missing does not count, and is not put off.
    assert_eq!(here.code(&[]).await, Some(1930));
}

#[actix_web::test]
async fn a_new_secret_works_at_once_beside_the_first() {
    let here = here();
    let key = &here.client.key;
    assert_eq!(here.code(&[here.right()]).await, None);
    let (second, _) = begin_rotation(&here.ports, key).unwrap();
    assert_eq!(
        here.code(&[basic(key.as_str(), second.reveal())]).await,
        None
    );
    assert_eq!(here.code(&[here.right()]).await, None);
}

#[actix_web::test]
async fn a_revoked_client_is_refused_when_it_is_looked_up_again_with_its_tokens() {
    let here = here();
    let token = here.token().await;
    revoke_client(&here.ports, &here.client.key).unwrap();
    // As if a few seconds had passed.
    (here.auth.clients)
        .look_up(&here.client.key, soon())
        .await
        .unwrap();
    assert_eq!(here.code(&[here.right()]).await, Some(1930));
    let bearer = (AUTHORIZATION, format!("Bearer {token}"));
    assert_eq!(here.code(&[bearer]).await, Some(1930));
}

#[test]
fn who_was_revoked_while_a_turn_was_long_in_coming_is_refused() {
    let here = here();
    let key = here.client.key.clone();
    let (young, old) = (
        Instant::now(),
        Instant::now().checked_sub(PERMIT_AGAIN).unwrap(),
    );
    let check = |given_at| {
        let key = key.clone();
        let rate = None;
        let permit = Permit {
            key,
            given_at,
            rate,
        };
        permit.check_again(&here.ports).is_ok()
    };
    assert!(check(young) && check(old));
    revoke_client(&here.ports, &key).unwrap();
    assert!(check(young) && !check(old));
}

#[actix_web::test]
async fn a_token_ends_with_the_secret_that_it_was_fetched_with() {
    let here = here();
    let key = &here.client.key;
    let bearer = |token: String| [(AUTHORIZATION, format!("Bearer {token}"))];
    let of_first = bearer(here.token().await);
    let (second, _) = begin_rotation(&here.ports, key).unwrap();
    let (_, answer) = here.grant(basic(key.as_str(), second.reveal()), &[]).await;
    let of_second = bearer(answer["access_token"].as_str().unwrap().to_owned());
    assert_eq!(here.code(&of_first).await, None);
    assert_eq!(here.code(&of_second).await, None);
    finish_rotation(&here.ports, key).unwrap();
    // As if a few seconds had passed.
    here.auth.clients.look_up(key, soon()).await.unwrap();
    assert_eq!(here.code(&of_first).await, Some(1930));
    assert_eq!(here.code(&of_second).await, None);
}

#[actix_web::test]
async fn strangers_displace_neither_clients_that_are_known_nor_those_who_come_first() {
    let here = here();
    let (key, secret) = (&here.client.key, &here.client.secret);
    assert_eq!(here.code(&[here.right()]).await, None);
    let clients = here.auth.clients.clone();
    let ask = |secret: Secret, is_suspect, deadline| {
        let clients = clients.clone();
        async move {
            let asked = clients
                .authenticate(key, &secret, is_suspect, deadline)
                .await;
            asked
                .map(|found| found.is_some())
                .map_err(|failure| failure.code().number())
        }
    };
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (begun, begins) = tokio::sync::oneshot::channel();
    let strangers = clients.strangers().clone();
    actix_web::rt::spawn(async move {
        let work = move || {
            let _ = begun.send(());
            let _ = held.recv();
        };
        strangers
            .run(Turn::SYSTEM, soon(), Effect::Reads, work)
            .await
    });
    begins.await.unwrap();
    let at_once = Deadline::after(Duration::ZERO);
    let wrong = Secret::presented("wrong");
    assert_eq!(ask(wrong, false, at_once).await, Err(1951));
    assert_eq!(ask(secret.clone(), false, soon()).await, Ok(true));
    assert_eq!(ask(secret.clone(), true, soon()).await, Ok(true));
    drop(release);
}

#[actix_web::test]
async fn what_is_remembered_of_a_client_is_forgotten_before_five_seconds_are_over() {
    let here = here();
    assert_eq!(here.code(&[here.right()]).await, None);
    let now = Instant::now();
    let recent = |age| {
        let later = now + Duration::from_secs(age);
        here.auth.clients.recent(&here.client.key, later).is_some()
    };
    assert!(recent(1));
    assert!(!recent(4));
}

#[actix_web::test]
async fn a_token_opens_what_credentials_open_until_it_expires() {
    let here = here();
    let body = json!({"key": here.client.key.as_str(), "secret": here.client.secret.reveal()});
    let request = TestRequest::with_uri("/v3/oauth/token/generate").set_json(body);
    let (status, headers, answer) = here.post(request).await;
    assert_eq!(
        (
            status,
            headers.get(header::CACHE_CONTROL).unwrap().as_bytes()
        ),
        (200, &b"no-store"[..])
    );
    assert_eq!(answer["data"]["ttlSeconds"], 300);
    assert_eq!(answer["errors"], Value::Null);
    let token = answer["data"]["accessToken"].as_str().unwrap().to_owned();
    let own = HeaderName::from_static("x-cap-api-oauth-token");
    assert_eq!(here.code(&[(own.clone(), token.clone())]).await, None);
    let bearer = (AUTHORIZATION, format!("Bearer {token}"));
    assert_eq!(here.code(&[bearer]).await, None);
    here.clock
        .set(Moment::from_unix_seconds(1_800_000_300).unwrap());
    assert_eq!(here.code(&[(own, token)]).await, Some(1930));
}

#[actix_web::test]
async fn a_token_is_not_given_for_wrong_credentials_or_a_body_that_has_none() {
    let here = here();
    let generate =
        |body: Value| here.post(TestRequest::with_uri("/v3/oauth/token/generate").set_json(body));
    let (status, headers, answer) = generate(json!({"key": "demo", "secret": "x"})).await;
    assert_eq!((status, &answer["errors"][0]["code"]), (401, &json!(1930)));
    assert!(headers.contains_key(header::WWW_AUTHENTICATE));
    let (status, _, answer) = generate(json!({"key": 5})).await;
    let references: Vec<_> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["reference"])
        .collect();
    assert_eq!(
        (status, references),
        (400, vec![&json!("key"), &json!("secret")])
    );
}

#[actix_web::test]
async fn the_standards_grant_takes_a_form_or_basic_credentials() {
    let here = here();
    let (key, secret) = (here.client.key.as_str(), here.client.secret.reveal());
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", key),
        ("client_secret", secret),
    ];
    let (status, headers, answer) = here
        .post(TestRequest::with_uri("/oauth2/token").set_form(form))
        .await;
    assert_eq!(
        (status, &answer["token_type"], &answer["expires_in"]),
        (200, &json!("Bearer"), &json!(300))
    );
    assert_eq!(headers.get(header::CACHE_CONTROL).unwrap(), "no-store");
    assert!(answer.get("scope").is_none());
    let bearer = format!("Bearer {}", answer["access_token"].as_str().unwrap());
    assert_eq!(here.code(&[(AUTHORIZATION, bearer)]).await, None);
}

#[actix_web::test]
async fn a_scope_narrows_the_token_to_what_it_names() {
    let here = here();
    let here = &here;
    let scope = |scope: &'static str| async move {
        let form = [("scope", scope)];
        here.grant(here.right(), &form).await
    };
    let (status, answer) = scope("badges:read").await;
    assert_eq!((status, &answer["scope"]), (200, &json!("badges:read")));
    let token = answer["access_token"].as_str().unwrap();
    let bearer = [(AUTHORIZATION, format!("Bearer {token}"))];
    let code = |group| {
        let asked = here.ask_for(group, &bearer);
        async move { asked.await.err().map(|failure| failure.code().number()) }
    };
    assert_eq!(code(AccessGroup::BadgesRead).await, None);
    assert_eq!(code(AccessGroup::BadgesWrite).await, Some(1931));
    let (status, answer) = scope("badges:write badges:read").await;
    let both = json!("badges:read badges:write");
    assert_eq!((status, &answer["scope"]), (200, &both));
    for wrong in [
        "badges:issue",
        "badges:read badges:issue",
        "badges:fly",
        "BADGES:READ",
        "badges:read,badges:write",
        "admin",
        " ",
    ] {
        let (status, answer) = scope(wrong).await;
        assert_eq!(
            (status, &answer["error"]),
            (400, &json!("invalid_scope")),
            "{wrong}"
        );
    }
    let (status, answer) = scope("").await;
    assert_eq!((status, answer.get("scope")), (200, None));
}

#[actix_web::test]
async fn credentials_that_callers_had_before_open_what_others_open() {
    let here = here();
    let right = [basic(BROUGHT_KEY, BROUGHT_SECRET)];
    let wrong = basic(BROUGHT_KEY, "5f4dcc3b5aa765d6%2B1d:327deB");
    assert_eq!(here.code(&right).await, None);
    assert_eq!(here.code(&[wrong]).await, Some(1930));
    assert_eq!(here.code(&right).await, None);
    let body = json!({"key": BROUGHT_KEY, "secret": BROUGHT_SECRET});
    let request = TestRequest::with_uri("/v3/oauth/token/generate").set_json(body);
    let (status, _, answer) = here.post(request).await;
    assert_eq!(status, 200);
    let token = answer["data"]["accessToken"].as_str().unwrap();
    let bearer = (AUTHORIZATION, format!("Bearer {token}"));
    assert_eq!(here.code(&[bearer]).await, None);
    let key = ClientKey::try_from(BROUGHT_KEY).unwrap();
    revoke_client(&here.ports, &key).unwrap();
    let now = Deadline::after(Duration::from_mins(1));
    here.auth.clients.look_up(&key, now).await.unwrap();
    assert_eq!(here.code(&right).await, Some(1930));
}

#[actix_web::test]
async fn the_standards_grant_takes_basic_credentials_as_they_are_or_form_encoded() {
    let here = here();
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let (key, secret) = (encoded(BROUGHT_KEY), encoded(BROUGHT_SECRET));
    for basic in [basic(BROUGHT_KEY, BROUGHT_SECRET), basic(&key, &secret)] {
        let (status, _) = here.grant(basic.clone(), &[]).await;
        assert_eq!(status, 200);
        let (status, _) = here.grant(basic, &[("client_id", BROUGHT_KEY)]).await;
        assert_eq!(status, 200);
    }
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", BROUGHT_KEY),
        ("client_secret", BROUGHT_SECRET),
    ];
    let request = TestRequest::with_uri("/oauth2/token").set_form(form);
    assert_eq!(here.post(request).await.0, 200);
}

#[actix_web::test]
async fn the_standards_grant_refuses_in_the_standards_words() {
    let here = here();
    let ask = |form: &'static str| {
        let request = TestRequest::with_uri("/oauth2/token")
            .insert_header((header::CONTENT_TYPE, "application/x-www-form-urlencoded"))
            .set_payload(form);
        here.post(request)
    };
    for (form, status, error) in [
        ("", 400, "invalid_request"),
        ("grant_type=password", 400, "unsupported_grant_type"),
        ("grant_type=client_credentials", 401, "invalid_client"),
        (
            "grant_type=client_credentials&client_id=a&client_secret=b",
            401,
            "invalid_client",
        ),
        (
            "grant_type=client_credentials&client_id=a&client_id=b",
            400,
            "invalid_request",
        ),
    ] {
        let (answered, headers, answer) = ask(form).await;
        assert_eq!(
            (answered, &answer["error"]),
            (status, &json!(error)),
            "{form}"
        );
        assert_eq!(headers.get(header::CACHE_CONTROL).unwrap(), "no-store");
        assert_eq!(
            headers.contains_key(header::WWW_AUTHENTICATE),
            status == 401
        );
    }
    let request = TestRequest::with_uri("/oauth2/token")
        .insert_header(here.right())
        .set_form([("grant_type", "client_credentials"), ("client_secret", "x")]);
    let (status, _, answer) = here.post(request).await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_request")));
    let request = TestRequest::with_uri("/oauth2/token").set_json(json!({}));
    let (status, _, answer) = here.post(request).await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_request")));
}

#[test]
fn the_options_are_shown_without_the_key() {
    let shown = format!("{:?}", OPTIONS());
    assert!(!shown.contains("token_key"), "{shown}");
}
