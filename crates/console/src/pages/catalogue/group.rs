//! A group: made, changed, removed.

use accolade_application::catalogue::{self, CreateGroup, RemoveGroup, UpdateGroup};
use accolade_domain::badge::Rank;
use accolade_domain::catalogue::GroupChange;
use accolade_domain::ids::GroupId;
use accolade_domain::text::Name;
use actix_web::http::StatusCode;
use askama::Template;

use crate::act::KEY;
use crate::form::Form;
use crate::frame::{Frame, Problem, problems_of, show_with};
use crate::pages::confirm::{Confirmation, confirm};
use crate::router::Answered;
use crate::texts as t;
use crate::visit::{Visit, lead_to};

/// Where groups are listed.
const LIST: &str = "/console/catalogue";

#[derive(Template)]
#[template(path = "group.html")]
struct GroupPage {
    frame: Frame,
    action: String,
    /// Where it can be removed, if there is one.
    remove: Option<String>,
    name: String,
    rank: String,
    key: String,
}

pub(super) async fn begin_new(visit: Visit) -> Answered {
    let form = Form::default().with(KEY, visit.new_key());
    shown(&visit, None, &form, Vec::new(), StatusCode::OK)
}

pub(super) async fn create(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let (name, rank) = match read(&form) {
        Ok(read) => read,
        Err(problems) => return shown(&visit, None, &form, problems, StatusCode::BAD_REQUEST),
    };
    match visit.carry_out(&form, CreateGroup { name, rank }).await {
        Ok(_) => Ok(lead_to(format_args!("{LIST}?done=group-saved"))),
        Err(failure) => {
            let (problems, status) = (problems_of(&failure), failure.status());
            shown(&visit, None, &form, problems, status)
        }
    }
}

pub(super) async fn begin(visit: Visit) -> Answered {
    let id: GroupId = visit.path("group")?;
    let group = visit.look_up(move |ports, caller| catalogue::group(ports, caller, id));
    let group = group.await?;
    let form = Form::default()
        .with("name", group.name.as_str())
        .with("rank", i64::from(group.rank).to_string())
        .with(KEY, visit.new_key());
    shown(&visit, Some(id), &form, Vec::new(), StatusCode::OK)
}

pub(super) async fn update(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let group: GroupId = visit.path("group")?;
    let id = Some(group);
    let (name, rank) = match read(&form) {
        Ok(read) => read,
        Err(problems) => return shown(&visit, id, &form, problems, StatusCode::BAD_REQUEST),
    };
    let change = GroupChange {
        name: Some(name),
        rank: Some(rank),
    };
    match visit.carry_out(&form, UpdateGroup { group, change }).await {
        Ok(_) => Ok(lead_to(format_args!("{LIST}?done=group-saved"))),
        Err(failure) => {
            let (problems, status) = (problems_of(&failure), failure.status());
            shown(&visit, id, &form, problems, status)
        }
    }
}

/// What the form says of a group.
fn read(form: &Form) -> Result<(Name, Rank), Vec<Problem>> {
    let name = Name::try_from(form.typed("name"));
    let name = name.map_err(|error| Problem::at("name", t::unfit(error)));
    let number = form.typed("rank").trim().parse::<i64>().unwrap_or(0);
    let rank = Rank::try_from(number);
    let rank = rank.map_err(|error| Problem::at("rank", t::unfit(error)));
    match (name, rank) {
        (Ok(name), Ok(rank)) => Ok((name, rank)),
        (name, rank) => Err(name.err().into_iter().chain(rank.err()).collect()),
    }
}

fn shown(
    visit: &Visit,
    group: Option<GroupId>,
    form: &Form,
    problems: Vec<Problem>,
    status: StatusCode,
) -> Answered {
    let title = if group.is_some() {
        t::EDIT_GROUP
    } else {
        t::NEW_GROUP
    };
    let page = GroupPage {
        frame: visit
            .frame(title)
            .with_problems_of(problems, &["name", "rank"]),
        action: visit.http.path().to_owned(),
        remove: group.map(|it| format!("{LIST}/groups/{it}/remove")),
        name: form.typed("name").to_owned(),
        rank: form.typed("rank").to_owned(),
        key: form.typed(KEY).to_owned(),
    };
    show_with(status, &page)
}

pub(super) async fn ask_to_remove(visit: Visit) -> Answered {
    let form = Form::default().with(KEY, visit.new_key());
    asked(&visit, &form, Vec::new(), StatusCode::OK).await
}

pub(super) async fn remove(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let group: GroupId = visit.path("group")?;
    match visit.carry_out(&form, RemoveGroup { group }).await {
        Ok(_) => Ok(lead_to(format_args!("{LIST}?done=group-removed"))),
        Err(failure) => {
            let (problems, status) = (problems_of(&failure), failure.status());
            asked(&visit, &form, problems, status).await
        }
    }
}

async fn asked(visit: &Visit, form: &Form, problems: Vec<Problem>, status: StatusCode) -> Answered {
    let id: GroupId = visit.path("group")?;
    let group = visit.look_up(move |ports, caller| catalogue::group(ports, caller, id));
    let confirmation = Confirmation {
        title: t::REMOVE_GROUP,
        about: group.await?.name.to_string(),
        text: t::REMOVE_GROUP_TEXT,
        back: format!("{LIST}/groups/{id}"),
        is_dangerous: true,
    };
    confirm(visit, confirmation, form, problems, status)
}
