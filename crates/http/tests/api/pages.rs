//! Pages beside the API: how operators sign in, and that what is done there goes the way of the API.

use accolade_application::customers::PutCustomers;
use accolade_application::operators::{CreateOperator, Lifetimes, Password, create};
use accolade_application::ports::{AuditQuery, IdempotencyKey, Identifiers};
use accolade_domain::audit::{Action, Attribution, EntityKind};
use accolade_domain::operator::{Permission, Role};
use accolade_http::app::{AppState, app};
use accolade_http::pages::{Failure, PageContext, Pages, Way};
use actix_web::http::header::RETRY_AFTER;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{HttpRequest, HttpResponse, web};
use time::Duration;

use crate::support::TestApp;

const PASSWORD: &str = "correct horse battery";

/// An answer with the code of a failure, as a page would render it.
fn failed(failure: &Failure) -> HttpResponse {
    let mut response = HttpResponse::build(failure.status());
    if let Some(seconds) = failure.retry_in() {
        response.insert_header((RETRY_AFTER, seconds));
    }
    response.body(failure.code().number().to_string())
}

/// Signs in with the login and the password in the path; answers the token.
async fn sign_in(
    context: web::Data<PageContext>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> HttpResponse {
    let (login, password) = path.into_inner();
    match context.sign_in(&request, &login, &password).await {
        Ok(signed_in) => HttpResponse::Ok().body(signed_in.token.reveal().to_owned()),
        Err(failure) => failed(&failure),
    }
}

/// Says whose session it is.
async fn whose(
    context: web::Data<PageContext>,
    request: HttpRequest,
    token: web::Path<String>,
) -> HttpResponse {
    match context.session(&request, &token).await {
        Ok(Some(session)) => HttpResponse::Ok().body(session.operator.login.to_string()),
        Ok(None) => HttpResponse::Unauthorized().body("nobody's"),
        Err(failure) => failed(&failure),
    }
}

/// Gives customer 7 an e-mail address, under the key in the path.
async fn register(
    context: web::Data<PageContext>,
    request: HttpRequest,
    path: web::Path<(String, String, String)>,
) -> HttpResponse {
    let (token, key, email) = path.into_inner();
    let session = context.session(&request, &token).await.unwrap().unwrap();
    let caller = match session.caller(Permission::Define) {
        Ok(caller) => caller,
        Err(refusal) => return failed(&refusal.into()),
    };
    let key = IdempotencyKey::try_from(key).unwrap();
    let guard = context.guard(&caller, key, &[b"/register", email.as_bytes()]);
    let mut asked = context.request(&request, caller);
    asked.key = Some(guard);
    let identifiers = Identifiers {
        email: Some(email.try_into().unwrap()),
        ..Identifiers::default()
    };
    let command = PutCustomers::One(accolade_domain::fixtures::customer(7).into(), identifiers);
    match context.execute(Way::Here, &request, asked, command).await {
        Ok(_) => HttpResponse::Ok().body("done"),
        Err(failure) => failed(&failure),
    }
}

fn with_pages(app: &TestApp) -> AppState {
    let context = app.state.pages(Lifetimes {
        idle: Duration::minutes(30),
        most: Duration::hours(12),
    });
    let pages = Pages::new(context, |config, context| {
        config.service(
            web::scope("/pages")
                .app_data(web::Data::new(context.clone()))
                .route("/in/{login}/{password}", web::post().to(sign_in))
                .route("/whose/{token}", web::get().to(whose))
                .route("/register/{token}/{key}/{email}", web::post().to(register)),
        );
    });
    app.state.clone().with_pages(pages)
}

/// The status and the body.
async fn send(state: &AppState, request: TestRequest) -> (u16, String) {
    let service = init_service(app(state)).await;
    let request = request.peer_addr("127.0.0.1:40000".parse().unwrap());
    let response = call_service(&service, request.to_request()).await;
    let status = response.status().as_u16();
    let body = read_body(response).await;
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn try_in(state: &AppState, login: &str, password: &str) -> (u16, String) {
    let uri = format!("/pages/in/{login}/{}", password.replace(' ', "%20"));
    send(state, TestRequest::post().uri(&uri)).await
}

fn operator(app: &TestApp, login: &str, role: Role) {
    let by = Attribution::system(app.ports.clock.now());
    let org = app.ports.stores.access.orgs().unwrap()[0].id;
    let command = CreateOperator {
        org,
        login: login.try_into().unwrap(),
        name: "Ada".try_into().unwrap(),
        roles: role.into(),
        password: Password::new(PASSWORD).unwrap(),
    };
    create(&app.ports, command, &by).unwrap();
}

fn told(app: &TestApp, action: Action) -> usize {
    let query = AuditQuery {
        kinds: vec![EntityKind::Operator],
        actions: vec![action],
        limit: 100,
        ..AuditQuery::default()
    };
    let org = app.ports.stores.access.orgs().unwrap()[0].id;
    let page = app.ports.stores.audit.entries(org, &query).unwrap();
    page.entries.len()
}

#[actix_web::test]
async fn who_signs_in_has_a_session_until_nobody_uses_it() {
    let app = TestApp::new();
    operator(&app, "ada", Role::Care);
    let state = with_pages(&app);
    let (status, token) = try_in(&state, "ADA", PASSWORD).await;
    assert_eq!(status, 200);
    let whose = format!("/pages/whose/{token}");
    let ask = || send(&state, TestRequest::get().uri(&whose));
    assert_eq!(ask().await, (200, "ada".to_owned()));
    app.clock.advance(Duration::minutes(31));
    assert_eq!(ask().await.0, 401);
}

#[actix_web::test]
async fn after_too_many_wrong_passwords_further_wrong_ones_wait_and_the_right_one_passes() {
    let app = TestApp::with(|options| options.auth.failures_per_key = 2);
    operator(&app, "ada", Role::Care);
    let state = with_pages(&app);
    let mut answers = Vec::new();
    for login in ["ada", "Ada", "ADA", "eve", "eve", "eve"] {
        answers.push(try_in(&state, login, "wrong password").await);
    }
    let refused = |status, code: &str| (status, code.to_owned());
    let [wrong, wait] = [refused(401, "1930"), refused(429, "1932")];
    let of_each = [wrong.clone(), wrong, wait];
    assert_eq!(answers, [of_each.clone(), of_each].concat());
    assert_eq!(try_in(&state, "ada", PASSWORD).await.0, 200);
    // Those that were put off are in no audit trail; the others will be.
    while told(&app, Action::SignInRefused) < 2 {
        actix_web::rt::task::yield_now().await;
    }
    assert_eq!(told(&app, Action::SignIn), 1);
    assert_eq!(told(&app, Action::SignInRefused), 2);
}

#[actix_web::test]
async fn a_form_that_is_sent_twice_is_carried_out_once_and_needs_the_role() {
    let app = TestApp::new();
    operator(&app, "ada", Role::Campaign);
    operator(&app, "eve", Role::Viewer);
    let state = with_pages(&app);
    let (_, token) = try_in(&state, "ada", PASSWORD).await;
    let register = |token: &str, key: &str, email: &str| {
        let uri = format!("/pages/register/{token}/{key}/{email}");
        send(&state, TestRequest::post().uri(&uri))
    };
    let twice = [
        register(&token, "form-1", "a@x.org").await,
        register(&token, "form-1", "a@x.org").await,
    ];
    assert_eq!(twice, [(200, "done".to_owned()), (200, "done".to_owned())]);
    // The same key for another form.
    assert_eq!(
        register(&token, "form-1", "b@x.org").await,
        (422, "1910".to_owned())
    );
    let (_, of_viewer) = try_in(&state, "eve", PASSWORD).await;
    let refused = register(&of_viewer, "form-2", "b@x.org").await;
    assert_eq!(refused, (403, "1931".to_owned()));
}
