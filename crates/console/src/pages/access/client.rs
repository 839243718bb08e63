//! An API client: made, with another secret, with other bounds, revoked.

use std::num::NonZeroU32;

use accolade_application::Command;
use accolade_application::access::{
    AccessGroup, AccessGroups, AddClient, BoundClient, ClientView, FinishClientRotation,
    RevokeClient, RotateClient, clients_of,
};
use accolade_application::answer::Answer;
use accolade_application::ports::{BoundsChange, Client};
use accolade_domain::ids::ClientNumber;
use accolade_domain::login::Login;
use accolade_domain::text::Name;
use accolade_http::pages::Failure;
use actix_web::http::StatusCode;
use askama::Template;

use crate::act::KEY;
use crate::form::Form;
use crate::frame::{Frame, Problem, problems_of, show_with};
use crate::moment::Moment;
use crate::pages::confirm::{Confirmation, confirm};
use crate::parts::Choice;
use crate::router::Answered;
use crate::texts as t;
use crate::visit::{Visit, lead_to, nothing_there};

#[derive(Template)]
#[template(path = "client_new.html")]
struct NewClientPage {
    frame: Frame,
    name: String,
    owner: String,
    groups: Vec<Choice>,
    key: String,
}

#[derive(Template)]
#[template(path = "client.html")]
struct ClientPage {
    frame: Frame,
    number: ClientNumber,
    credentials: String,
    groups: String,
    owner: Option<String>,
    is_revoked: bool,
    is_rotated: bool,
    created: Moment,
    last: Option<Moment>,
    revoked: Option<Moment>,
    requests: String,
    customers: String,
    ends: String,
    key: String,
}

/// The page with a secret that is shown once.
#[derive(Template)]
#[template(path = "client_secret.html")]
struct SecretPage {
    frame: Frame,
    number: ClientNumber,
    credentials: String,
    /// The secret; `None` if it was shown before.
    secret: Option<String>,
}

pub(super) async fn begin_new(visit: Visit) -> Answered {
    let mut form = Form::default().with(KEY, visit.new_key());
    for group in AccessGroups::DEFAULT.iter() {
        form = form.and("groups", group.name());
    }
    new(&visit, &form, Vec::new(), StatusCode::OK)
}

pub(super) async fn create(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let command = match read(&form) {
        Ok(command) => command,
        Err(problems) => return new(&visit, &form, problems, StatusCode::BAD_REQUEST),
    };
    match visit.carry_out(&form, command).await {
        Ok(executed) => secret(&visit, t::CLIENT_CREATED, executed.into_answer()),
        Err(failure) => new(&visit, &form, problems_of(&failure), failure.status()),
    }
}

/// What the form says of a new client.
fn read(form: &Form) -> Result<AddClient, Vec<Problem>> {
    let name = Name::try_from(form.typed("name"));
    let name = name.map_err(|error| Problem::at("name", t::unfit(error)));
    let owner = form
        .given("owner")
        .map(|text| Login::try_from(text.as_ref()));
    let owner = owner.transpose();
    let owner = owner.map_err(|error| Problem::at("owner", t::unfit(error)));
    let groups = form
        .all("groups")
        .filter_map(|it| it.parse::<AccessGroup>().ok());
    let groups: Vec<_> = groups.collect();
    let groups = if groups.is_empty() {
        Err(Problem::at("groups", t::CHOOSE_A_GROUP))
    } else {
        Ok(groups.into_iter().collect::<AccessGroups>())
    };
    match (name, owner, groups) {
        (Ok(name), Ok(owner), Ok(groups)) => Ok(AddClient {
            name,
            groups,
            owner,
        }),
        (name, owner, groups) => Err([name.err(), owner.err(), groups.err()]
            .into_iter()
            .flatten()
            .collect()),
    }
}

fn new(visit: &Visit, form: &Form, problems: Vec<Problem>, status: StatusCode) -> Answered {
    let groups = AccessGroup::ALL.iter().map(|it| Choice {
        value: it.name().to_owned(),
        text: t::access_group(*it),
        chosen: form.has("groups", it.name()),
    });
    let page = NewClientPage {
        frame: visit.frame(t::NEW_CLIENT).with_problems(problems),
        name: form.typed("name").to_owned(),
        owner: form.typed("owner").to_owned(),
        groups: groups.collect(),
        key: form.typed(KEY).to_owned(),
    };
    show_with(status, &page)
}

/// The page with the secret of `answer`; where it waits for approval, who made it fetches one by a
/// rotation.
fn secret(visit: &Visit, title: &'static str, answer: Answer) -> Answered {
    let Answer::Client(view) = answer else {
        return Ok(lead_to("/console/access?done=held"));
    };
    let ClientView {
        number,
        key,
        secret,
        ..
    } = *view;
    let page = SecretPage {
        frame: visit.frame(title),
        number,
        credentials: key,
        secret: secret.map(|it| it.reveal().to_owned()),
    };
    show_with(StatusCode::OK, &page)
}

pub(super) async fn show_client(visit: Visit) -> Answered {
    let client = found(&visit).await?;
    let form = bounds(&client, &visit).with(KEY, visit.new_key());
    shown(&visit, &client, &form, Vec::new(), StatusCode::OK)
}

/// The form with the bounds that the client has.
fn bounds(client: &Client, visit: &Visit) -> Form {
    let bounds = client.bounds;
    let number = |it: Option<NonZeroU32>| it.map(|it| it.to_string()).unwrap_or_default();
    let ends = bounds.ends_on.map(|it| visit.moments().field(it));
    Form::default()
        .with("requests", number(bounds.requests_per_minute))
        .with("customers", number(bounds.customers_per_minute))
        .with("ends", ends.unwrap_or_default())
}

fn shown(
    visit: &Visit,
    client: &Client,
    form: &Form,
    problems: Vec<Problem>,
    status: StatusCode,
) -> Answered {
    let moments = visit.moments();
    let page = ClientPage {
        frame: visit
            .frame(client.name.to_string())
            .telling(visit.query.typed("done"))
            .with_problems(problems),
        number: client.number,
        credentials: client.key.to_string(),
        groups: client.groups.names().join(", "),
        owner: client.owner.as_ref().map(ToString::to_string),
        is_revoked: client.revoked_on.is_some(),
        is_rotated: client.next_secret.is_some(),
        created: moments.show(client.created_on),
        last: moments.maybe(client.last_used_on),
        revoked: moments.maybe(client.revoked_on),
        requests: form.typed("requests").to_owned(),
        customers: form.typed("customers").to_owned(),
        ends: form.typed("ends").to_owned(),
        key: form.typed(KEY).to_owned(),
    };
    show_with(status, &page)
}

/// The client in the path.
///
/// # Errors
/// 404 if the org has none with that number.
async fn found(visit: &Visit) -> Result<Client, Failure> {
    let number: ClientNumber = visit.path("client")?;
    let mut all = visit.look_up(clients_of).await?.into_iter();
    let found = all.find(|it| it.number == number);
    found.ok_or_else(|| nothing_there().into())
}

pub(super) async fn bound(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let client = found(&visit).await?;
    let change = match read_bounds(&form, &client, &visit) {
        Ok(change) => change,
        Err(problems) => {
            return shown(&visit, &client, &form, problems, StatusCode::BAD_REQUEST);
        }
    };
    let command = BoundClient {
        client: client.number,
        change,
    };
    match visit.carry_out(&form, command).await {
        Ok(executed) => Ok(back(client.number, executed.answer(), "client-saved")),
        Err(failure) => {
            let problems = problems_of(&failure);
            shown(&visit, &client, &form, problems, failure.status())
        }
    }
}

fn read_bounds(form: &Form, client: &Client, visit: &Visit) -> Result<BoundsChange, Vec<Problem>> {
    let number = |name: &str| match form.given(name) {
        None => Ok(None),
        Some(text) => text
            .parse::<NonZeroU32>()
            .map(Some)
            .map_err(|_| Problem::at(name, t::NO_NUMBER)),
    };
    let ends = visit.moments();
    let ends = ends.read_over(form.typed("ends"), client.bounds.ends_on);
    let ends = ends.map_err(|_| Problem::at("ends", t::NO_MOMENT));
    match (number("requests"), number("customers"), ends) {
        (Ok(requests), Ok(customers), Ok(ends_on)) => Ok(BoundsChange {
            requests_per_minute: Some(requests),
            customers_per_minute: Some(customers),
            ends_on: Some(ends_on),
        }),
        (requests, customers, ends) => Err([requests.err(), customers.err(), ends.err()]
            .into_iter()
            .flatten()
            .collect()),
    }
}

/// To the page of the client, or to what waits.
fn back(client: ClientNumber, answer: &Answer, done: &str) -> actix_web::HttpResponse {
    let done = match answer {
        Answer::Client(_) => done,
        _ => "held",
    };
    lead_to(format_args!("/console/access/clients/{client}?done={done}"))
}

pub(super) async fn ask_to_rotate(visit: Visit) -> Answered {
    ask(&visit, (t::ROTATE, t::ROTATE_CLIENT_TEXT)).await
}

pub(super) async fn rotate(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let client = found(&visit).await?.number;
    match visit.carry_out(&form, RotateClient { client }).await {
        Ok(executed) => secret(&visit, t::CLIENT_ROTATED, executed.into_answer()),
        Err(failure) => {
            let question = (t::ROTATE, t::ROTATE_CLIENT_TEXT);
            let (problems, status) = (problems_of(&failure), failure.status());
            asked(&visit, &form, question, problems, status).await
        }
    }
}

pub(super) async fn ask_to_finish(visit: Visit) -> Answered {
    ask(&visit, (t::FINISH_ROTATION, t::FINISH_ROTATION_TEXT)).await
}

pub(super) async fn finish(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let client = found(&visit).await?.number;
    let question = (t::FINISH_ROTATION, t::FINISH_ROTATION_TEXT);
    let command = FinishClientRotation { client };
    answer(&visit, &form, command, question, "client-rotated").await
}

pub(super) async fn ask_to_revoke(visit: Visit) -> Answered {
    ask(&visit, (t::REVOKE_CLIENT, t::REVOKE_CLIENT_TEXT)).await
}

pub(super) async fn revoke(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let client = found(&visit).await?.number;
    let question = (t::REVOKE_CLIENT, t::REVOKE_CLIENT_TEXT);
    let command = RevokeClient { client };
    answer(&visit, &form, command, question, "client-revoked").await
}

async fn answer<C: Command + Send + 'static>(
    visit: &Visit,
    form: &Form,
    command: C,
    question: (&'static str, &'static str),
    done: &str,
) -> Answered {
    let client: ClientNumber = visit.path("client")?;
    match visit.carry_out(form, command).await {
        Ok(executed) => Ok(back(client, executed.answer(), done)),
        Err(failure) => {
            let (problems, status) = (problems_of(&failure), failure.status());
            asked(visit, form, question, problems, status).await
        }
    }
}

async fn ask(visit: &Visit, question: (&'static str, &'static str)) -> Answered {
    let form = Form::default().with(KEY, visit.new_key());
    asked(visit, &form, question, Vec::new(), StatusCode::OK).await
}

async fn asked(
    visit: &Visit,
    form: &Form,
    (title, text): (&'static str, &'static str),
    problems: Vec<Problem>,
    status: StatusCode,
) -> Answered {
    let client = found(visit).await?;
    let confirmation = Confirmation {
        title,
        about: client.name.to_string(),
        text,
        back: format!("/console/access/clients/{}", client.number),
        // Another secret ends nothing.
        is_dangerous: title != t::ROTATE,
    };
    confirm(visit, confirmation, form, problems, status)
}
