//! An application of its own for every test: one org, one client, a clock that stands still.

use std::cell::OnceCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use accolade_application::access::{
    AccessGroup, AccessGroups, Caller, CreateClient, NewCredentials, create_client, create_org,
};
use accolade_application::badges::{ClaimBadge, CreateBadge};
use accolade_application::ports::{Org, Ports};
use accolade_application::{Request, execute};
pub(crate) use accolade_domain::fixtures::at;
use accolade_domain::fixtures::{draft, owner};
use accolade_domain::owner::OwnerType;
use accolade_domain::zone::Zone;
use accolade_http::app::{AppState, HttpOptions, app};
use accolade_http::openapi::openapi;
use accolade_memory::{FixedClock, MemoryStore, memory_ports};
use accolade_test_openapi::{Answer, Document};
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::test::{self, TestRequest};
use serde_json::Value;

#[path = "../fixtures/options.rs"]
mod options;

use options::options;

/// What the paths of the API begin with.
pub(crate) const PREFIX: &str = "/api_gateway/v1/badges";

/// Where customers are enrolled.
pub(crate) const ISSUE: &str = "/api_gateway/v1/badges/badgeMeta/customer/issueBulk";

/// The badge that every application has: live, `ISSUE_EARN`, claimed by Loyalty/123694, its
/// enrolments expire on 2031-01-15.
pub(crate) const BADGE: &str = "66276dc68fe258516a88ff8e";

/// The header by which customers are named.
pub(crate) const IDENTIFIER: &str = "X-CAP-CUSTOMER-IDENTIFIER";

/// The moment at which everything happens unless told otherwise.
pub(crate) const NOW: &str = "2026-05-01T12:00:00Z";

/// The document that every answer is held to.
pub(crate) static DOCUMENT: LazyLock<Document> =
    LazyLock::new(|| Document::new(serde_json::to_value(openapi()).unwrap()));

/// What answers requests.
type Service = Rc<dyn Fn(actix_http::Request) -> Answering>;

/// An answer that is awaited.
type Answering = Pin<Box<dyn Future<Output = actix_web::Result<ServiceResponse<BoxBody>>>>>;

/// An application on a store of its own.
pub(crate) struct TestApp {
    pub(crate) state: AppState,
    pub(crate) ports: Ports,
    pub(crate) clock: Arc<FixedClock>,
    credentials: NewCredentials,
    /// Made with the first request: its routes take longer than an answer.
    service: OnceCell<Service>,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl TestApp {
    /// An application with the badge.
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    /// The same with other options.
    pub(crate) fn with(change: impl FnOnce(&mut HttpOptions)) -> Self {
        Self::on(|_| (), change)
    }

    /// The same with other ports and other options.
    pub(crate) fn on(
        exchange: impl FnOnce(&mut Ports),
        change: impl FnOnce(&mut HttpOptions),
    ) -> Self {
        let store = Arc::new(MemoryStore::default());
        let clock = Arc::new(FixedClock::at(at(NOW)));
        let mut ports = memory_ports(store.clone(), clock.clone());
        exchange(&mut ports);
        let credentials = org_and_client(&ports);
        create_badge(&ports, &credentials);
        let mut options = options();
        change(&mut options);
        let state = AppState::new(ports.clone(), options).unwrap();
        Self {
            state,
            ports,
            clock,
            credentials,
            service: OnceCell::new(),
        }
    }

    async fn service(&self) -> Service {
        if let Some(service) = self.service.get() {
            return Rc::clone(service);
        }
        let service = Rc::new(test::init_service(app(&self.state)).await);
        let service: Service = Rc::new(move |request| -> Answering {
            let service = Rc::clone(&service);
            Box::pin(async move { test::try_call_service(&*service, request).await })
        });
        Rc::clone(self.service.get_or_init(|| service))
    }

    /// Another client of the org, which may do what `groups` say.
    pub(crate) fn client(&self, groups: &[AccessGroup]) -> NewCredentials {
        new_client(&self.ports, groups.iter().copied().collect())
    }

    /// The header by which its client is known.
    pub(crate) fn authorization(&self) -> String {
        let NewCredentials { key, secret, .. } = &self.credentials;
        basic(key.as_str(), secret.reveal())
    }

    /// Sends a request with credentials.
    pub(crate) async fn send(&self, request: TestRequest) -> Reply {
        self.send_as(&self.credentials, request).await
    }

    /// Sends a request with those credentials.
    pub(crate) async fn send_as(
        &self,
        credentials: &NewCredentials,
        request: TestRequest,
    ) -> Reply {
        let basic = basic(credentials.key.as_str(), credentials.secret.reveal());
        self.send_bare(request.insert_header(("Authorization", basic)))
            .await
    }

    /// Sends a request as it is.
    pub(crate) async fn send_bare(&self, request: TestRequest) -> Reply {
        let service = self.service().await;
        let request = request
            .peer_addr("127.0.0.1:40000".parse().unwrap())
            .to_request();
        let (method, path) = (request.method().clone(), request.path().to_owned());
        let reply = match service(request).await {
            Ok(response) => Reply::of(response.into_parts().1).await,
            Err(error) => Reply::of(error.error_response()).await,
        };
        reply.check(&method, &path);
        reply
    }

    /// `GET path`.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(TestRequest::get().uri(&below_prefix(path))).await
    }

    /// `POST path` with a JSON body.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Reply {
        self.send(json(Method::POST, path, body)).await
    }

    /// `PUT path` without a body.
    pub(crate) async fn put(&self, path: &str) -> Reply {
        self.send(TestRequest::put().uri(&below_prefix(path))).await
    }

    /// `PUT path` with a JSON body.
    pub(crate) async fn put_json(&self, path: &str, body: &str) -> Reply {
        self.send(json(Method::PUT, path, body)).await
    }

    /// `POST path` with a JSON body whose customers are named by identifiers of this kind.
    pub(crate) async fn post_by(&self, kind: &str, path: &str, body: &str) -> Reply {
        let request = json(Method::POST, path, body);
        self.send(request.insert_header((IDENTIFIER, kind))).await
    }

    /// `GET path` whose customers are named by identifiers of this kind.
    pub(crate) async fn get_by(&self, kind: &str, path: &str) -> Reply {
        let request = TestRequest::get().uri(&below_prefix(path));
        self.send(request.insert_header((IDENTIFIER, kind))).await
    }

    /// Creates a badge that is earned directly and lives from 2026-01-01 until 2027-01-01, with
    /// these fields besides; gives its id.
    pub(crate) async fn direct_badge(&self, name: &str, besides: &str) -> String {
        let body = direct_badge(name, besides);
        let request = json(Method::POST, "badgeMeta", &body)
            .insert_header(("X-CAP-BADGES-MIGRATION", "migration"));
        let reply = self.send(request).await;
        reply.ok();
        reply.json()["data"]["id"].as_str().unwrap().to_owned()
    }

    /// Registers customers 1 and 2 as Anna and Bob.
    pub(crate) async fn register(&self) {
        let body = r#"{"customers":[{"customerId":1,"email":"anna@example.org","mobile":"+919900000001"},
            {"customerId":2,"email":"bob@example.org"}]}"#;
        self.post("customers/bulk", body).await.ok();
    }

    /// Enrols by this body.
    pub(crate) async fn enrol(&self, body: &str) -> Reply {
        self.post(ISSUE, body).await
    }
}

impl Reply {
    async fn of(response: actix_web::HttpResponse) -> Self {
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let body = actix_web::body::to_bytes(response.into_body())
            .await
            .unwrap();
        Self {
            status,
            headers,
            // Pictures are answered too; of text nothing is lost.
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// Fails unless it is what the OpenAPI document says of `method` of `path`.
    fn check(&self, method: &Method, path: &str) {
        let headers = self.headers.iter();
        let headers: Vec<_> = headers.map(|(name, value)| (&**name, &**value)).collect();
        let answer = Answer {
            method: method.as_str(),
            path,
            status: self.status,
            headers: &headers,
            body: self.body.as_bytes(),
        };
        if let Err(difference) = DOCUMENT.check(PREFIX, answer) {
            panic!(
                "{method} {path}: {difference}\n{} {}",
                self.status, self.body
            );
        }
    }

    /// The body of a success.
    pub(crate) fn ok(&self) -> &str {
        assert!(
            matches!(self.status, 200..=202),
            "{}: {}",
            self.status,
            self.body
        );
        &self.body
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Status, codes and references of a failure, which has the shape of one.
    pub(crate) fn failure(&self) -> (u16, Vec<(u64, Option<String>)>) {
        let json = self.json();
        assert!(json["data"].is_null(), "{}", self.body);
        assert!(json["warnings"].is_null(), "{}", self.body);
        (self.status, notices(&json["errors"]))
    }

    /// Codes and references of the warnings of a success.
    pub(crate) fn warnings(&self) -> Vec<(u64, Option<String>)> {
        self.ok();
        notices(&self.json()["warnings"])
    }
}

fn notices(list: &Value) -> Vec<(u64, Option<String>)> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|notice| {
            let reference = notice["reference"].as_str().map(str::to_owned);
            (notice["code"].as_u64().unwrap(), reference)
        })
        .collect()
}

/// A code at a field.
pub(crate) fn code_at(code: u64, reference: &str) -> (u64, Option<String>) {
    (code, Some(reference.to_owned()))
}

/// The definition of a badge that is earned directly, with these fields besides.
pub(crate) fn direct_badge(name: &str, besides: &str) -> String {
    format!(
        r#"{{"name":"{name}","startOn":"2026-01-01T00:00:00Z","expiresOn":"2027-01-01T00:00:00Z",
            "earnType":"EARN","earnedBadgeExpiry":{{"expiryType":"ABSOLUTE","type":"WITH_BADGE_META"}},
            "ownership":{{"restrictedToOwners":["Loyalty"]}}{besides}}}"#
    )
}

/// A request with a JSON body; `path` may leave out the prefix.
pub(crate) fn json(method: Method, path: &str, body: &str) -> TestRequest {
    TestRequest::with_uri(&below_prefix(path))
        .method(method)
        .insert_header(("Content-Type", "application/json"))
        .set_payload(body.to_owned())
}

/// The value of `Authorization`.
pub(crate) fn basic(key: &str, secret: &str) -> String {
    use base64::Engine as _;
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{key}:{secret}"));
    format!("Basic {credentials}")
}

fn below_prefix(path: &str) -> String {
    if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{PREFIX}/{path}")
    }
}

fn org_and_client(ports: &Ports) -> NewCredentials {
    let org = Org {
        id: 100_458.try_into().unwrap(),
        name: "Demo".try_into().unwrap(),
        zone: Zone::utc(),
        region: None,
    };
    create_org(ports, &org).unwrap();
    new_client(ports, AccessGroups::DEFAULT)
}

fn new_client(ports: &Ports, groups: AccessGroups) -> NewCredentials {
    let command = CreateClient {
        org: 100_458.try_into().unwrap(),
        name: "test".try_into().unwrap(),
        groups,
        owner: None,
    };
    create_client(ports, command).unwrap()
}

fn create_badge(ports: &Ports, credentials: &NewCredentials) {
    let caller = Caller {
        org: 100_458.try_into().unwrap(),
        zone: Zone::utc(),
        region: None,
        actor: credentials.number.into(),
        groups: AccessGroups::ALL,
    };
    let badge = BADGE.parse().unwrap();
    let command = CreateBadge {
        draft: draft("Gold"),
        unread: Vec::new(),
        active: true,
        migrating: true,
        id: Some(badge),
    };
    execute(ports, Request::new(caller.clone()), command).unwrap();
    let command = ClaimBadge {
        badge,
        owner: owner(OwnerType::Loyalty, "123694"),
    };
    execute(ports, Request::new(caller), command).unwrap();
}
