//! A console of its own for every test: one org with something of everything, an operator for each role, a
//! clock that stands still.

use std::cell::OnceCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use accolade_application::access::{AccessGroups, AddClient, Caller, create_org};
use accolade_application::answer::Answer;
use accolade_application::approvals::PutApprovalRules;
use accolade_application::badges::{ClaimBadge, CreateBadge};
use accolade_application::catalogue::{CreateCustomField, CreateGroup};
use accolade_application::customers::{NamedCustomers, PutCustomers};
use accolade_application::enrolment::EnrolCustomers;
use accolade_application::jobs::CreateJob;
use accolade_application::operators::{self, CreateOperator, Lifetimes, Password, RoundTrip};
use accolade_application::people::MergeCustomers;
use accolade_application::ports::{Identifiers, IdentityProvider, Org, Ports, ProviderError};
use accolade_application::webhooks::CreateWebhook;
use accolade_application::{Command, Request, execute};
use accolade_domain::approval::{ApprovalRules, Approvals, ExpiresAfter, Rule, RuledOperation};
use accolade_domain::audit::Attribution;
use accolade_domain::badge::Rank;
use accolade_domain::catalogue::{CustomFieldDraft, DataType};
use accolade_domain::fixtures::{at, draft, owner};
use accolade_domain::ids::{CustomerId, OrgId};
use accolade_domain::job::{JobFormat, JobId, JobOperation, JobSettings};
use accolade_domain::operator::{OperatorLink, Role, Roles};
use accolade_domain::owner::OwnerType;
use accolade_domain::text::UrlText;
use accolade_domain::webhook::{Headers, WebhookDraft};
use accolade_http::app::{AppState, app};
use accolade_http::pages::Pages;
use accolade_memory::{FixedClock, MemoryStore, memory_ports};
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::test::{self, TestRequest};

#[path = "../../../http/tests/fixtures/options.rs"]
mod options;

use options::options;

/// The moment at which everything happens unless told otherwise.
pub(crate) const NOW: &str = "2026-05-01T12:00:00Z";

/// The badge: live, customers are enrolled first.
pub(crate) const BADGE: &str = "66276dc68fe258516a88ff8e";

/// The password of every operator.
pub(crate) const PASSWORD: &str = "a long enough password";

/// A job that waits for its turn.
pub(crate) const JOB: &str = "spring-2026";

/// What answers requests.
type Service = Rc<dyn Fn(TestRequest) -> Answering>;

/// An answer that is awaited.
type Answering = Pin<Box<dyn Future<Output = actix_web::Result<ServiceResponse<BoxBody>>>>>;

/// A console with its server.
pub(crate) struct World {
    pub(crate) state: AppState,
    pub(crate) ports: Ports,
    pub(crate) clock: Arc<FixedClock>,
    /// The ids of what there is, by the names that paths have for them.
    pub(crate) ids: Vec<(&'static str, String)>,
    /// Made with the first request: its routes take longer than an answer.
    service: OnceCell<Service>,
}

/// What was answered.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// A browser that somebody is signed in with.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    pub(crate) cookie: String,
}

impl World {
    /// A console whose texts are `text` wherever somebody can write one.
    pub(crate) fn with_text(text: &str) -> Self {
        let store = Arc::new(MemoryStore::default());
        let clock = Arc::new(FixedClock::at(at(NOW)));
        let ports = memory_ports(store, Arc::clone(&clock) as _);
        let org = Org {
            id: org(),
            name: text.try_into().unwrap(),
            zone: "Asia/Kolkata".parse().unwrap(),
            region: None,
        };
        create_org(&ports, &org).unwrap();
        for role in Role::ALL {
            create_operator(&ports, role.name(), text, (*role).into());
        }
        create_operator(&ports, "all", text, Roles::ALL);
        let ids = fill(&ports, text);
        let state = AppState::new(ports.clone(), options()).unwrap();
        let lifetimes = Lifetimes {
            idle: time::Duration::minutes(30),
            most: time::Duration::hours(12),
        };
        let provider = Provider {
            name: text.to_owned(),
        };
        let context = state.pages(lifetimes).with_provider(Arc::new(provider));
        let pages = Pages::new(context, accolade_console::configure);
        Self {
            state: state.with_pages(pages),
            ports,
            clock,
            ids,
            service: OnceCell::new(),
        }
    }

    /// The usual console.
    pub(crate) fn new() -> Self {
        Self::with_text("Gold")
    }

    async fn service(&self) -> Service {
        if let Some(service) = self.service.get() {
            return Rc::clone(service);
        }
        let service = Rc::new(test::init_service(app(&self.state)).await);
        let service: Service = Rc::new(move |request: TestRequest| -> Answering {
            let service = Rc::clone(&service);
            Box::pin(async move { test::try_call_service(&*service, request.to_request()).await })
        });
        Rc::clone(self.service.get_or_init(|| service))
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: TestRequest) -> Reply {
        let service = self.service().await;
        match service(request.peer_addr("127.0.0.1:40000".parse().unwrap())).await {
            Ok(response) => Reply::of(response.into_parts().1).await,
            Err(error) => Reply::of(error.error_response()).await,
        }
    }

    /// `GET path`.
    pub(crate) async fn get(&self, browser: &Browser, path: &str) -> Reply {
        let request = TestRequest::get().uri(path);
        self.send(request.insert_header(("Cookie", browser.cookie.as_str())))
            .await
    }

    /// Sends a form from a page of ours.
    pub(crate) async fn post(
        &self,
        browser: &Browser,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Reply {
        let request = form(path, fields)
            .insert_header(("Sec-Fetch-Site", "same-origin"))
            .insert_header(("Cookie", browser.cookie.as_str()));
        self.send(request).await
    }

    /// Signs in with the login, and the password of all.
    pub(crate) async fn sign_in(&self, login: &str) -> Browser {
        let fields = [("login", login), ("password", PASSWORD)];
        let request = form("/console/sign-in", &fields);
        let reply = self
            .send(request.insert_header(("Sec-Fetch-Site", "same-origin")))
            .await;
        assert_eq!(reply.status, 303, "{}", reply.body);
        Browser {
            cookie: reply.cookie(),
        }
    }

    /// The path with ids of what there is.
    pub(crate) fn path(&self, declared: &str) -> String {
        let mut path = declared.to_owned();
        // An enrolment's id is `{id}` in its paths, and so is an earned badge's.
        for (name, id) in &self.ids {
            path = path.replace(&format!("{{{name}}}"), id);
        }
        path
    }

    /// The id that paths have under `name`.
    pub(crate) fn id(&self, name: &str) -> &str {
        let found = self.ids.iter().find(|it| it.0 == name);
        &found.unwrap().1
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
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Where it leads.
    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.body);
        self.header("location").unwrap()
    }

    /// The cookie that it sets, as it is sent back.
    pub(crate) fn cookie(&self) -> String {
        let set = self.header("set-cookie").unwrap();
        set.split(';').next().unwrap().to_owned()
    }

    /// The body of a page.
    pub(crate) fn page(&self) -> &str {
        assert_eq!(self.status, 200, "{}", self.body);
        &self.body
    }

    /// The value of the first field that is called so.
    pub(crate) fn field(&self, name: &str) -> String {
        let begin = format!("name=\"{name}\" value=\"");
        let from = self.body.find(&begin).expect(name) + begin.len();
        let rest = &self.body[from..];
        rest[..rest.find('"').unwrap()].to_owned()
    }
}

/// A provider that calls everybody what her code says.
struct Provider {
    name: String,
}

impl IdentityProvider for Provider {
    fn name(&self) -> &str {
        &self.name
    }

    fn issuer(&self) -> &UrlText {
        static ISSUER: LazyLock<UrlText> =
            LazyLock::new(|| "https://id.example.org".try_into().unwrap());
        &ISSUER
    }

    fn entrance(&self, trip: &RoundTrip) -> Result<String, ProviderError> {
        Ok(format!("https://id.example.org/in?state={}", trip.state()))
    }

    fn identify(&self, code: &str, _: &RoundTrip) -> Result<OperatorLink, ProviderError> {
        match code {
            "away" => Err(ProviderError::Unavailable(anyhow::anyhow!("away"))),
            "refused" => Err(ProviderError::Refused(anyhow::anyhow!("refused"))),
            subject => Ok(OperatorLink {
                issuer: self.issuer().clone(),
                subject: subject.try_into().unwrap(),
            }),
        }
    }
}

/// A form that is sent to `path`, without what browsers add.
pub(crate) fn form(path: &str, fields: &[(&str, &str)]) -> TestRequest {
    let body: String = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    TestRequest::with_uri(path)
        .method(Method::POST)
        .insert_header(("Content-Type", "application/x-www-form-urlencoded"))
        .set_payload(body)
}

fn org() -> OrgId {
    100_458.try_into().unwrap()
}

fn create_operator(ports: &Ports, login: &str, name: &str, roles: Roles) {
    let command = CreateOperator {
        org: org(),
        login: login.try_into().unwrap(),
        name: name.try_into().unwrap(),
        roles,
        password: Password::new(PASSWORD).unwrap(),
    };
    operators::create(ports, command, &Attribution::system(at(NOW))).unwrap();
}

/// Makes something of everything, with this text in it. Gives the ids.
fn fill(ports: &Ports, text: &str) -> Vec<(&'static str, String)> {
    let run = |command| run(ports, command);
    let badge = BADGE.parse().unwrap();
    let mut draft = draft(text);
    draft.description = Some(text.try_into().unwrap());
    run(Box::new(CreateBadge {
        draft,
        unread: Vec::new(),
        active: true,
        migrating: true,
        id: Some(badge),
    }));
    run(Box::new(ClaimBadge {
        badge,
        owner: owner(OwnerType::Loyalty, text),
    }));
    let group = run(Box::new(CreateGroup {
        name: text.try_into().unwrap(),
        rank: Rank::try_from(1).unwrap(),
    }));
    let field = run(Box::new(CreateCustomField {
        draft: CustomFieldDraft {
            name: text.try_into().unwrap(),
            data_type: DataType::String,
            mandatory: false,
            default: Some(text.try_into().unwrap()),
        },
    }));
    let customer = CustomerId::try_from(1).unwrap();
    let identifiers = Identifiers {
        email: Some("anna@example.org".try_into().unwrap()),
        external_id: Some(text.try_into().unwrap()),
        ..Identifiers::default()
    };
    run(Box::new(PutCustomers::One(customer.into(), identifiers)));
    let enrolled = run(Box::new(EnrolCustomers {
        badge,
        customers: NamedCustomers::from(vec![customer]),
        request_id: Some("fill".try_into().unwrap()),
        event_on: None,
        triggered_by: Some(owner(OwnerType::Loyalty, text)),
        by_hand: None,
    }));
    let webhook = run(Box::new(CreateWebhook {
        url: "https://example.org/hooks".try_into().unwrap(),
        draft: WebhookDraft {
            description: Some(Some(text.try_into().unwrap())),
            ..WebhookDraft::default()
        },
        headers: Headers::new(),
    }));
    run(Box::new(CreateJob {
        id: Some(JobId::try_from(JOB).unwrap()),
        settings: JobSettings {
            operation: JobOperation::Enrol,
            format: JobFormat::Csv,
            badge: Some(badge),
            triggered_by: None,
            event_on: None,
            dry_run: true,
        },
        file: Some(format!("customerId,note\n2,\"{}\"\n", text.replace('"', "\"\"")).into_bytes()),
        start: true,
        limits: options().job_limits,
    }));
    let client = run(Box::new(AddClient {
        name: text.try_into().unwrap(),
        groups: AccessGroups::ALL,
        owner: None,
    }));
    let change = hold(ports, customer, text);
    let of = |answer: &Answer| match answer {
        Answer::Client(client) => client.number.to_string(),
        Answer::Held(held) => held.change.to_string(),
        Answer::Group(group) => group.id.to_string(),
        Answer::CustomFieldCreated(field) => field.id.to_string(),
        Answer::Webhook(view) => view.id.to_string(),
        Answer::Enrolment(answer) => match answer.outcomes[0].outcome {
            accolade_domain::enrolment::Outcome::Enrolled(id) => id.to_string(),
            ref other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let operators = operators::list(ports, None).unwrap();
    vec![
        ("customer", "1".to_owned()),
        ("badge", BADGE.to_owned()),
        ("group", of(&group)),
        ("field", of(&field)),
        ("id", of(&enrolled)),
        ("webhook", of(&webhook)),
        ("job", JOB.to_owned()),
        ("operator", operators[0].number.to_string()),
        ("client", of(&client)),
        ("change", of(&change)),
        ("file", "console.css".to_owned()),
    ]
}

/// Has merges wait for approval, and asks for one. Gives what is answered.
fn hold(ports: &Ports, customer: CustomerId, text: &str) -> Answer {
    let rule = Rule {
        operation: RuledOperation::Merge,
        above_rows: 0,
        approvals: Approvals::ONE,
        expires_after: ExpiresAfter::WEEK,
    };
    let rules = ApprovalRules::new(vec![rule]).unwrap();
    run(ports, Box::new(PutApprovalRules { rules }));
    let merge = MergeCustomers {
        from: customer.into(),
        to: CustomerId::try_from(3).unwrap().into(),
        reason: Some(text.try_into().unwrap()),
    };
    run(ports, Box::new(merge))
}

/// A command whatever it is.
pub(crate) trait AnyCommand {
    fn execute(self: Box<Self>, ports: &Ports, request: Request) -> Answer;
}

impl<C: Command> AnyCommand for C {
    fn execute(self: Box<Self>, ports: &Ports, request: Request) -> Answer {
        execute(ports, request, *self).unwrap().into_answer()
    }
}

/// Executes `command` for the server itself.
pub(crate) fn run(ports: &Ports, command: Box<dyn AnyCommand>) -> Answer {
    command.execute(ports, Request::new(caller()))
}

/// The server itself.
pub(crate) fn caller() -> Caller {
    Caller {
        org: org(),
        zone: "Asia/Kolkata".parse().unwrap(),
        region: None,
        actor: accolade_domain::actor::Actor::SYSTEM,
        groups: AccessGroups::ALL,
    }
}
