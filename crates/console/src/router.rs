//! From the declarations of pages to the framework's resources, and each request on its way: is it ours,
//! who is signed in, may she; then the page, or the page that says what went wrong.

use std::collections::BTreeMap;
use std::future::ready;

use accolade_domain::operator::Permission;
use accolade_domain::rejection::{Code, Rejection};
use accolade_http::pages::{Failure, PageContext};
use actix_web::dev::Payload;
use actix_web::guard::{GuardContext, fn_guard};
use actix_web::http::Method;
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY, X_FRAME_OPTIONS,
};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Route};

use crate::failed;
use crate::guard;
use crate::pages;
use crate::visit::{Opened, Visit};

/// Nothing but our own files, no code and no style within a page, no page of ours within another one.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// A page, or what is done by a form, as it is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageDeclaration {
    /// GET for a page, POST for a form.
    pub method: Method,
    /// Its path.
    pub path: &'static str,
    /// What who asks for it must be permitted; `None`: everybody may, signed in or not.
    pub needs: Option<Permission>,
}

/// A declaration with its handler.
pub(crate) struct Page {
    declaration: PageDeclaration,
    route: Route,
}

/// What somebody asks for who need not be signed in.
pub(crate) struct Door {
    pub(crate) context: PageContext,
    pub(crate) http: HttpRequest,
    pub(crate) payload: Payload,
}

/// What a handler answers.
pub(crate) type Answered = Result<HttpResponse, Failure>;

/// A page at `path`, for who is permitted what it `needs`.
pub(crate) fn get<F>(
    path: &'static str,
    needs: Permission,
    handler: impl Fn(Visit) -> F + Clone + 'static,
) -> Page
where
    F: Future<Output = Answered> + 'static,
{
    page(Method::GET, path, needs, handler)
}

/// What is done by a form that is sent to `path`, for who is permitted what it `needs`.
pub(crate) fn post<F>(
    path: &'static str,
    needs: Permission,
    handler: impl Fn(Visit) -> F + Clone + 'static,
) -> Page
where
    F: Future<Output = Answered> + 'static,
{
    page(Method::POST, path, needs, handler)
}

fn page<F>(
    method: Method,
    path: &'static str,
    needs: Permission,
    handler: impl Fn(Visit) -> F + Clone + 'static,
) -> Page
where
    F: Future<Output = Answered> + 'static,
{
    let opened = move |door: Door| {
        let handler = handler.clone();
        async move {
            let http = door.http.clone();
            match Visit::open(door, needs).await? {
                Opened::Elsewhere(response) => Ok(response),
                Opened::Visit(visit) => {
                    let session = visit.session.clone();
                    let answered = handler(*visit).await;
                    Ok(answered
                        .unwrap_or_else(|failure| failed::page(&http, Some(&session), &failure)))
                }
            }
        }
    };
    Page {
        declaration: PageDeclaration {
            method: method.clone(),
            path,
            needs: Some(needs),
        },
        route: route(method, opened),
    }
}

/// What everybody may ask for.
pub(crate) fn public<F>(
    method: Method,
    path: &'static str,
    handler: impl Fn(Door) -> F + Clone + 'static,
) -> Page
where
    F: Future<Output = Answered> + 'static,
{
    Page {
        declaration: PageDeclaration {
            method: method.clone(),
            path,
            needs: None,
        },
        route: route(method, handler),
    }
}

fn route<F>(method: Method, handler: impl Fn(Door) -> F + Clone + 'static) -> Route
where
    F: Future<Output = Answered> + 'static,
{
    let is_form = method == Method::POST;
    // Who may ask for a page may ask for its head.
    let is_asked = move |context: &GuardContext<'_>| match &context.head().method {
        &Method::HEAD => method == Method::GET,
        asked => method == *asked,
    };
    web::route().guard(fn_guard(is_asked)).to(
        move |context: web::Data<PageContext>, http: HttpRequest, payload: web::Payload| {
            let handler = handler.clone();
            async move {
                let door = Door {
                    context: context.get_ref().clone(),
                    http: http.clone(),
                    payload: payload.into_inner(),
                };
                let answered = if is_form && !guard::is_ours(http.headers()) {
                    Err(from_elsewhere().into())
                } else {
                    handler(door).await
                };
                secured(answered.unwrap_or_else(|failure| failed::page(&http, None, &failure)))
            }
        },
    )
}

/// Has a server answer everything below `/console`, with what it gives pages by `context`.
pub fn configure(config: &mut ServiceConfig, context: &PageContext) {
    let mut paths: BTreeMap<&'static str, Vec<Page>> = BTreeMap::new();
    for page in pages::all() {
        paths.entry(page.declaration.path).or_default().push(page);
    }
    let mut scope = web::scope("/console").app_data(web::Data::new(context.clone()));
    // The first path that fits is taken: `{` is greater than every letter, so words come first.
    for (path, pages) in paths {
        let path = path.trim_start_matches("/console");
        let mut resource = web::resource(path);
        let allowed = allowed(&pages);
        for page in pages {
            resource = resource.route(page.route);
        }
        let other = move |http: HttpRequest| ready(no_such_method(&http, allowed));
        scope = scope.service(resource.default_service(web::to(other)));
    }
    config.service(scope.default_service(web::to(no_such_page)));
}

/// Every page and every form that there is, by path.
pub fn declarations() -> Vec<PageDeclaration> {
    let mut declared: Vec<_> = pages::all().into_iter().map(|it| it.declaration).collect();
    declared.sort_by(|a, b| (a.path, a.method.as_str()).cmp(&(b.path, b.method.as_str())));
    declared
}

async fn no_such_page(http: HttpRequest) -> HttpResponse {
    let failure = Rejection::new(Code::PathNotFound).into();
    secured(failed::page(&http, None, &failure))
}

/// The methods that are answered where these pages are.
fn allowed(pages: &[Page]) -> &'static str {
    let is_any = |method| pages.iter().any(|it| it.declaration.method == method);
    match (is_any(Method::GET), is_any(Method::POST)) {
        (true, true) => "GET, HEAD, POST",
        (true, false) => "GET, HEAD",
        (false, _) => "POST",
    }
}

fn no_such_method(http: &HttpRequest, allowed: &'static str) -> HttpResponse {
    let failure = Rejection::new(Code::MethodNotAllowed).into();
    let mut response = secured(failed::page(http, None, &failure));
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// 1931: another site's page has a browser send this.
fn from_elsewhere() -> Rejection {
    Rejection::new(Code::Forbidden).with_message(crate::texts::FROM_ELSEWHERE)
}

/// `response` with what every answer of the console says to browsers.
fn secured(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}
