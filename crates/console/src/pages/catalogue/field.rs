//! A custom field: made, changed, disabled.

use accolade_application::catalogue::{self, CreateCustomField, UpdateCustomField};
use accolade_domain::catalogue::{CustomFieldChange, CustomFieldDraft, CustomFieldValue, DataType};
use accolade_domain::ids::CustomFieldId;
use accolade_domain::text::Name;
use actix_web::http::StatusCode;
use askama::Template;

use crate::act::KEY;
use crate::form::Form;
use crate::frame::{Frame, Problem, problems_of, show_with};
use crate::pages::confirm::{Confirmation, confirm};
use crate::parts::Choice;
use crate::router::Answered;
use crate::texts as t;
use crate::visit::{Visit, lead_to};

/// Where fields are listed.
const LIST: &str = "/console/catalogue";

#[derive(Template)]
#[template(path = "field.html")]
struct FieldPage {
    frame: Frame,
    action: String,
    /// Where it can be disabled, if there is one.
    disable: Option<String>,
    name: String,
    /// The types; one that there is keeps its own.
    types: Vec<Choice>,
    mandatory: bool,
    default: String,
    key: String,
}

pub(super) async fn begin_new(visit: Visit) -> Answered {
    let form = Form::default().with(KEY, visit.new_key());
    shown(&visit, None, &form, Vec::new(), StatusCode::OK)
}

pub(super) async fn create(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let draft = match read(&form) {
        Ok(draft) => draft,
        Err(problems) => return shown(&visit, None, &form, problems, StatusCode::BAD_REQUEST),
    };
    match visit.carry_out(&form, CreateCustomField { draft }).await {
        Ok(_) => Ok(lead_to(format_args!("{LIST}?done=field-saved"))),
        Err(failure) => {
            let (problems, status) = (problems_of(&failure), failure.status());
            shown(&visit, None, &form, problems, status)
        }
    }
}

pub(super) async fn begin(visit: Visit) -> Answered {
    let id: CustomFieldId = visit.path("field")?;
    let field = visit.look_up(move |ports, caller| catalogue::field(ports, caller, id));
    let field = field.await?;
    let default = field.default.as_ref().map(ToString::to_string);
    let mut form = Form::default()
        .with("name", field.name.as_str())
        .with("dataType", field.data_type.name())
        .with("defaultValue", default.unwrap_or_default())
        .with(KEY, visit.new_key());
    if field.mandatory {
        form = form.with("isMandatory", "true");
    }
    shown(&visit, Some(id), &form, Vec::new(), StatusCode::OK)
}

pub(super) async fn update(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let field: CustomFieldId = visit.path("field")?;
    let id = Some(field);
    let draft = match read(&form) {
        Ok(draft) => draft,
        Err(problems) => return shown(&visit, id, &form, problems, StatusCode::BAD_REQUEST),
    };
    let change = CustomFieldChange {
        name: Some(draft.name),
        data_type: None,
        mandatory: Some(draft.mandatory),
        default: draft.default,
        active: None,
    };
    match visit
        .carry_out(&form, UpdateCustomField { field, change })
        .await
    {
        Ok(_) => Ok(lead_to(format_args!("{LIST}?done=field-saved"))),
        Err(failure) => {
            let (problems, status) = (problems_of(&failure), failure.status());
            shown(&visit, id, &form, problems, status)
        }
    }
}

/// What the form says of a field.
fn read(form: &Form) -> Result<CustomFieldDraft, Vec<Problem>> {
    let name = Name::try_from(form.typed("name"));
    let name = name.map_err(|error| Problem::at("name", t::unfit(error)));
    let wanted = form.typed("dataType");
    let data_type = DataType::ALL.iter().find(|it| it.name() == wanted);
    let data_type = data_type.ok_or_else(|| Problem::at("dataType", t::CHOOSE_A_TYPE));
    let default = form.given("defaultValue");
    let default = default.map(|text| CustomFieldValue::try_from(text.as_ref()));
    let default = default.transpose();
    let default = default.map_err(|error| Problem::at("defaultValue", t::unfit(error)));
    match (name, data_type, default) {
        (Ok(name), Ok(data_type), Ok(default)) => Ok(CustomFieldDraft {
            name,
            data_type: *data_type,
            mandatory: form.says("isMandatory"),
            default,
        }),
        (name, data_type, default) => Err([name.err(), data_type.err(), default.err()]
            .into_iter()
            .flatten()
            .collect()),
    }
}

fn shown(
    visit: &Visit,
    field: Option<CustomFieldId>,
    form: &Form,
    problems: Vec<Problem>,
    status: StatusCode,
) -> Answered {
    let title = if field.is_some() {
        t::EDIT_FIELD
    } else {
        t::NEW_FIELD
    };
    let chosen = form.typed("dataType");
    let types = DataType::ALL.iter();
    let types = types.filter(|it| field.is_none() || it.name() == chosen);
    let page = FieldPage {
        frame: visit
            .frame(title)
            .with_problems_of(problems, &["name", "dataType", "defaultValue"]),
        action: visit.http.path().to_owned(),
        disable: field.map(|it| format!("{LIST}/fields/{it}/disable")),
        name: form.typed("name").to_owned(),
        types: Choice::of(types.map(|it| (it.name(), t::data_type(*it))), chosen),
        mandatory: form.says("isMandatory"),
        default: form.typed("defaultValue").to_owned(),
        key: form.typed(KEY).to_owned(),
    };
    show_with(status, &page)
}

pub(super) async fn ask_to_disable(visit: Visit) -> Answered {
    let form = Form::default().with(KEY, visit.new_key());
    asked(&visit, &form, Vec::new(), StatusCode::OK).await
}

pub(super) async fn disable(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let field: CustomFieldId = visit.path("field")?;
    let change = CustomFieldChange {
        active: Some(false),
        ..CustomFieldChange::default()
    };
    match visit
        .carry_out(&form, UpdateCustomField { field, change })
        .await
    {
        Ok(_) => Ok(lead_to(format_args!("{LIST}?done=field-disabled"))),
        Err(failure) => {
            let (problems, status) = (problems_of(&failure), failure.status());
            asked(&visit, &form, problems, status).await
        }
    }
}

async fn asked(visit: &Visit, form: &Form, problems: Vec<Problem>, status: StatusCode) -> Answered {
    let id: CustomFieldId = visit.path("field")?;
    let field = visit.look_up(move |ports, caller| catalogue::field(ports, caller, id));
    let confirmation = Confirmation {
        title: t::DISABLE_FIELD,
        about: field.await?.name.to_string(),
        text: t::DISABLE_FIELD_TEXT,
        back: format!("{LIST}/fields/{id}"),
        is_dangerous: true,
    };
    confirm(visit, confirmation, form, problems, status)
}
