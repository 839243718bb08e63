//! A webhook defined, or changed.

use accolade_application::answer::{Answer, WebhookView};
use accolade_application::webhooks::{self, CreateWebhook, UpdateWebhook};
use accolade_domain::event::EventKind;
use accolade_domain::ids::WebhookId;
use accolade_domain::webhook::{DeliveryFormat, DeliveryOrder, SignatureKind};
use accolade_http::pages::Way;
use accolade_wire::webhook::request::{WebhookChangeBody, WebhookRequestBody};
use actix_web::http::StatusCode;
use askama::Template;
use serde_json::{Map, Value, json};

use super::show::id;
use crate::act::KEY;
use crate::form::Form;
use crate::frame::{Frame, Problem, problems_of, show_with};
use crate::parts::Choice;
use crate::router::Answered;
use crate::texts as t;
use crate::visit::{Visit, lead_to};

/// The fields that the form has.
const FIELDS: &[&str] = &[
    "url",
    "description",
    "types",
    "badgeMetaIds",
    "format",
    "signature",
    "ordering",
    "headers",
    "batch",
    "maxInFlight",
    "ratePerSecond",
];

#[derive(Template)]
#[template(path = "webhook_edit.html")]
struct EditPage {
    frame: Frame,
    action: String,
    back: String,
    is_new: bool,
    url: String,
    description: String,
    types: Vec<Choice>,
    badges: String,
    formats: Vec<Choice>,
    signatures: Vec<Choice>,
    orders: Vec<Choice>,
    headers: String,
    batch: String,
    in_flight: String,
    rate: String,
    key: String,
}

/// The page with the secret of a new webhook.
#[derive(Template)]
#[template(path = "webhook_created.html")]
struct CreatedPage {
    frame: Frame,
    id: WebhookId,
    /// The secret; `None` if it was shown before.
    secret: Option<String>,
    public_key: Option<String>,
}

pub(super) async fn begin_new(visit: Visit) -> Answered {
    let form = Form::default()
        .with("batch", "1")
        .with("maxInFlight", "10")
        .with(KEY, visit.new_key());
    edited(&visit, &form, Vec::new(), StatusCode::OK)
}

pub(super) async fn create(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let bad = StatusCode::BAD_REQUEST;
    let body = match body(&form) {
        Ok(body) => body,
        Err(problem) => return edited(&visit, &form, vec![problem], bad),
    };
    let (url, draft, headers) = match WebhookRequestBody::parse(body.to_string().as_bytes()) {
        Ok(read) => read.value,
        Err(problems) => {
            let problems = problems.iter().map(Problem::from).collect();
            return edited(&visit, &form, at_fields(problems), bad);
        }
    };
    let command = CreateWebhook {
        url,
        draft,
        headers,
    };
    match visit.carry_out_by(Way::Names, &form, command).await {
        Ok(executed) => match executed.into_answer() {
            Answer::Webhook(view) => created(&visit, &view),
            _ => Ok(lead_to("/console/webhooks?done=held")),
        },
        Err(failure) => {
            let problems = at_fields(problems_of(&failure));
            edited(&visit, &form, problems, failure.status())
        }
    }
}

fn created(visit: &Visit, view: &WebhookView) -> Answered {
    let page = CreatedPage {
        frame: visit.frame(t::WEBHOOK_CREATED),
        id: view.id,
        secret: view.secret.as_ref().map(|it| it.reveal().to_owned()),
        public_key: view.public_key.clone(),
    };
    show_with(StatusCode::OK, &page)
}

pub(super) async fn begin(visit: Visit) -> Answered {
    let webhook = id(&visit)?;
    let view = visit.look_up(move |ports, caller| webhooks::webhook(ports, caller, webhook));
    let form = filled(&view.await?).with(KEY, visit.new_key());
    edited(&visit, &form, Vec::new(), StatusCode::OK)
}

pub(super) async fn update(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let webhook = id(&visit)?;
    let bad = StatusCode::BAD_REQUEST;
    let body = match body(&form) {
        Ok(body) => body,
        Err(problem) => return edited(&visit, &form, vec![problem], bad),
    };
    let (draft, headers) = match WebhookChangeBody::parse(body.to_string().as_bytes()) {
        Ok(read) => read.value,
        Err(problems) => {
            let problems = problems.iter().map(Problem::from).collect();
            return edited(&visit, &form, at_fields(problems), bad);
        }
    };
    let command = UpdateWebhook {
        webhook,
        draft,
        headers,
    };
    match visit.carry_out_by(Way::Names, &form, command).await {
        Ok(executed) => match executed.into_answer() {
            // Another kind of signature brings another secret, which is shown once.
            Answer::Webhook(view) if view.secret.is_some() => created(&visit, &view),
            Answer::Webhook(_) => {
                let place = format!("/console/webhooks/{webhook}?done=webhook-saved");
                Ok(lead_to(place))
            }
            _ => Ok(lead_to(format_args!(
                "/console/webhooks/{webhook}?done=held"
            ))),
        },
        Err(failure) => {
            let problems = at_fields(problems_of(&failure));
            edited(&visit, &form, problems, failure.status())
        }
    }
}

/// The body of the API's own request that says what `form` says.
fn body(form: &Form) -> Result<Value, Problem> {
    let number = |name: &str| match form.given(name) {
        Some(text) => text
            .parse::<i64>()
            .map_or_else(|_| json!(text), |it| json!(it)),
        None => Value::Null,
    };
    let types: Vec<_> = form.all("types").collect();
    let badges = form.typed("badgeMetaIds").split([',', ' ', '\r', '\n']);
    let badges: Vec<_> = badges.filter(|it| !it.is_empty()).collect();
    Ok(json!({
        "url": form.given("url"),
        "description": form.typed("description"),
        "types": types,
        "badgeMetaIds": badges,
        "format": form.given("format"),
        "signature": form.given("signature"),
        "ordering": form.given("ordering"),
        "headers": headers(form)?,
        "batch": number("batch"),
        "maxInFlight": number("maxInFlight"),
        "ratePerSecond": number("ratePerSecond").as_i64().unwrap_or(0),
    }))
}

/// A header in each line; one whose value is left out keeps the one that it has.
fn headers(form: &Form) -> Result<Map<String, Value>, Problem> {
    let mut headers = Map::new();
    for line in form.typed("headers").lines() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| Problem::at("headers", t::HEADER_WITHOUT_COLON))?;
        let value = value.trim();
        let value = (!value.is_empty()).then_some(value);
        headers.insert(name.trim().to_owned(), json!(value));
    }
    Ok(headers)
}

/// The same problems at fields of the form: those of parts at the whole.
fn at_fields(problems: Vec<Problem>) -> Vec<Problem> {
    let whole = |at: String| {
        let end = at.find(['[', '.']).unwrap_or(at.len());
        at[..end].to_owned()
    };
    let moved = problems.into_iter().map(|problem| Problem {
        at: problem.at.map(whole),
        ..problem
    });
    moved.collect()
}

/// The form of a webhook as it is.
fn filled(view: &WebhookView) -> Form {
    let settings = &view.settings;
    let description = settings.description.as_ref();
    let badges: Vec<_> = settings.badges.iter().map(ToString::to_string).collect();
    let headers: Vec<_> = view
        .headers
        .iter()
        .map(|it| format!("{}:", it.as_str()))
        .collect();
    let rate = settings.rate_per_second.map(|it| it.get().to_string());
    let single = [
        ("url", settings.url.to_string()),
        (
            "description",
            description.map(ToString::to_string).unwrap_or_default(),
        ),
        ("badgeMetaIds", badges.join("\n")),
        ("format", settings.format.name().to_owned()),
        ("signature", settings.signature.name().to_owned()),
        ("ordering", settings.order.name().to_owned()),
        ("headers", headers.join("\n")),
        ("batch", settings.batch.get().to_string()),
        ("maxInFlight", settings.max_in_flight.get().to_string()),
        ("ratePerSecond", rate.unwrap_or_default()),
    ];
    let types = settings
        .kinds
        .iter()
        .map(|it| ("types", it.name().to_owned()));
    let fields = single.into_iter().chain(types);
    fields
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn edited(visit: &Visit, form: &Form, problems: Vec<Problem>, status: StatusCode) -> Answered {
    let webhook = id(visit).ok();
    let text = |name: &str| form.typed(name).to_owned();
    let types = EventKind::ALL.iter().map(|it| Choice {
        value: it.name().to_owned(),
        text: it.name().to_owned(),
        chosen: form.has("types", it.name()),
    });
    let formats = DeliveryFormat::ALL.iter();
    let signatures = SignatureKind::ALL.iter();
    let orders = DeliveryOrder::ALL.iter();
    let title = if webhook.is_some() {
        t::EDIT_WEBHOOK
    } else {
        t::NEW_WEBHOOK
    };
    let page = EditPage {
        frame: visit.frame(title).with_problems_of(problems, FIELDS),
        action: visit.http.path().to_owned(),
        back: webhook.map_or_else(
            || "/console/webhooks".to_owned(),
            |it| format!("/console/webhooks/{it}"),
        ),
        is_new: webhook.is_none(),
        url: text("url"),
        description: text("description"),
        types: types.collect(),
        badges: text("badgeMetaIds"),
        formats: Choice::of(
            formats.map(|it| (it.name(), t::delivery_format(*it))),
            form.typed("format"),
        ),
        signatures: Choice::of(
            signatures.map(|it| (it.name(), it.name())),
            form.typed("signature"),
        ),
        orders: Choice::of(
            orders.map(|it| (it.name(), t::delivery_order(*it))),
            form.typed("ordering"),
        ),
        headers: text("headers"),
        batch: text("batch"),
        in_flight: text("maxInFlight"),
        rate: text("ratePerSecond"),
        key: text(KEY),
    };
    show_with(status, &page)
}
