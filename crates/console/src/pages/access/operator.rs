//! An operator: created, with other roles, with another password, linked to whom a provider signs in, disabled.

use accolade_application::error::UseCaseError;
use accolade_application::operators::{self, CreateOperator, Password};
use accolade_application::ports::{CreateOperatorError, LinkOperatorError, UnknownOperator};
use accolade_domain::ids::OperatorNumber;
use accolade_domain::login::Login;
use accolade_domain::operator::{Operator, OperatorLink, Role, Roles, Subject};
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::Name;
use accolade_http::pages::Failure;
use actix_web::http::StatusCode;
use askama::Template;

use crate::form::Form;
use crate::frame::{Frame, Problem, problems_of, show_with};
use crate::moment::Moment;
use crate::pages::confirm::{Confirmation, confirm};
use crate::parts::Choice;
use crate::router::Answered;
use crate::texts as t;
use crate::visit::{Visit, lead_to, nothing_there};

#[derive(Template)]
#[template(path = "operator_new.html")]
struct NewOperatorPage {
    frame: Frame,
    login: String,
    name: String,
    roles: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "operator.html")]
struct OperatorPage {
    frame: Frame,
    number: OperatorNumber,
    login: String,
    is_active: bool,
    is_herself: bool,
    created: Moment,
    last: Option<Moment>,
    disabled: Option<Moment>,
    roles: Vec<Choice>,
    /// The subject that she is linked to, and its issuer.
    link: Option<(String, String)>,
    /// What the provider is called that she can be linked to, if there is one.
    provider: Option<String>,
    /// What was typed for a subject.
    subject: String,
}

pub(super) async fn begin_new(visit: Visit) -> Answered {
    new(&visit, &Form::default(), Vec::new(), StatusCode::OK)
}

pub(super) async fn create(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let bad = StatusCode::BAD_REQUEST;
    let (login, name, roles, password) = match read(&form) {
        Ok(read) => read,
        Err(problems) => return new(&visit, &form, problems, bad),
    };
    let by = visit.attribution();
    let created = visit
        .change(move |ports, caller| {
            let command = CreateOperator {
                org: caller.org,
                login,
                name,
                roles,
                password,
            };
            match operators::create_once(ports, &command, &by) {
                Ok(number) => Ok(number),
                Err(CreateOperatorError::LoginTaken) => Err(login_taken().into()),
                Err(CreateOperatorError::UnknownOrg) => Err(nothing_there().into()),
                Err(CreateOperatorError::Store(error)) => Err(UseCaseError::Store(error)),
            }
        })
        .await;
    match created {
        Ok(number) => {
            let place = format!("/console/access/operators/{number}?done=operator-created");
            Ok(lead_to(place))
        }
        Err(failure) => new(&visit, &form, problems_of(&failure), failure.status()),
    }
}

fn login_taken() -> Rejection {
    Rejection::new(Code::Unreadable)
        .with_message(t::LOGIN_TAKEN)
        .at_field("login")
}

/// What the form says of a new operator.
fn read(form: &Form) -> Result<(Login, Name, Roles, Password), Vec<Problem>> {
    let login = Login::try_from(form.typed("login"));
    let login = login.map_err(|error| Problem::at("login", t::unfit(error)));
    let name = Name::try_from(form.typed("name"));
    let name = name.map_err(|error| Problem::at("name", t::unfit(error)));
    let (roles, password) = (roles(form), password(form));
    match (login, name, roles, password) {
        (Ok(login), Ok(name), Ok(roles), Ok(password)) => Ok((login, name, roles, password)),
        (login, name, roles, password) => {
            Err([login.err(), name.err(), roles.err(), password.err()]
                .into_iter()
                .flatten()
                .collect())
        }
    }
}

fn roles(form: &Form) -> Result<Roles, Problem> {
    let roles = form.all("roles").filter_map(|it| it.parse::<Role>().ok());
    let roles: Roles = roles.collect();
    if roles.is_empty() {
        return Err(Problem::at("roles", t::CHOOSE_A_ROLE));
    }
    Ok(roles)
}

fn password(form: &Form) -> Result<Password, Problem> {
    let password = Password::new(form.typed("password"));
    password.map_err(|error| Problem::at("password", t::unfit(error)))
}

fn new(visit: &Visit, form: &Form, problems: Vec<Problem>, status: StatusCode) -> Answered {
    let page = NewOperatorPage {
        frame: visit
            .frame(t::NEW_OPERATOR)
            .with_problems_of(problems, &["login", "name", "password", "roles"]),
        login: form.typed("login").to_owned(),
        name: form.typed("name").to_owned(),
        roles: choices(|role| form.has("roles", role.name())),
    };
    show_with(status, &page)
}

fn choices(is_chosen: impl Fn(Role) -> bool) -> Vec<Choice> {
    let choice = |role: &Role| Choice {
        value: role.name().to_owned(),
        text: t::role(*role),
        chosen: is_chosen(*role),
    };
    Role::ALL.iter().map(choice).collect()
}

pub(super) async fn show_operator(visit: Visit) -> Answered {
    let form = Form::default();
    shown(&visit, &form, Vec::new(), StatusCode::OK).await
}

/// The page of the operator in the path, with what was typed in `form`.
async fn shown(visit: &Visit, form: &Form, problems: Vec<Problem>, status: StatusCode) -> Answered {
    let operator = found(visit).await?;
    let provider = visit.context.provider();
    let moments = visit.moments();
    let page = OperatorPage {
        frame: visit
            .frame(operator.name.to_string())
            .telling(visit.query.typed("done"))
            .with_problems_of(problems, &["password", "roles", "subject"]),
        number: operator.number,
        login: operator.login.to_string(),
        is_active: operator.is_active(),
        is_herself: operator.number == visit.session.operator.number,
        created: moments.show(operator.created_on),
        last: moments.maybe(operator.last_signed_in_on),
        disabled: moments.maybe(operator.disabled_on),
        roles: choices(|role| operator.roles.has(role)),
        link: operator
            .link
            .map(|it| (it.subject.to_string(), it.issuer.to_string())),
        provider: provider.map(|it| it.name().to_owned()),
        subject: form.typed("subject").to_owned(),
    };
    show_with(status, &page)
}

/// The operator in the path.
///
/// # Errors
/// 404 if the org has none with that number.
async fn found(visit: &Visit) -> Result<Operator, Failure> {
    let number: OperatorNumber = visit.path("operator")?;
    let all = visit.look_up(|ports, caller| Ok(operators::list(ports, Some(caller.org))?));
    let mut all = all.await?.into_iter();
    let found = all.find(|it| it.number == number);
    found.ok_or_else(|| nothing_there().into())
}

pub(super) async fn set_roles(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let operator = found(&visit).await?;
    let roles = match roles(&form) {
        Ok(roles) => roles,
        Err(problem) => return shown(&visit, &form, vec![problem], StatusCode::BAD_REQUEST).await,
    };
    let by = visit.attribution();
    let login = operator.login.clone();
    let changed = visit.change(move |ports, caller| {
        Ok(operators::set_roles(
            ports,
            Some(caller.org),
            &login,
            roles,
            &by,
        )?)
    });
    done(&visit, &operator, changed.await, "operator-saved").await
}

pub(super) async fn set_password(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let operator = found(&visit).await?;
    let password = match password(&form) {
        Ok(password) => password,
        Err(problem) => return shown(&visit, &form, vec![problem], StatusCode::BAD_REQUEST).await,
    };
    let by = visit.attribution();
    let login = operator.login.clone();
    let changed = visit.change(move |ports, caller| {
        let org = Some(caller.org);
        Ok(operators::set_password(ports, org, &login, &password, &by)?)
    });
    done(&visit, &operator, changed.await, "password-set").await
}

pub(super) async fn link(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let operator = found(&visit).await?;
    let Some(provider) = visit.context.provider() else {
        return Err(nothing_there().into());
    };
    let subject = form.given("subject").unwrap_or_default();
    let link = match Subject::try_from(&*subject) {
        Ok(subject) => OperatorLink {
            issuer: provider.issuer().clone(),
            subject,
        },
        Err(error) => {
            let problem = Problem::at("subject", t::unfit(error));
            return shown(&visit, &form, vec![problem], StatusCode::BAD_REQUEST).await;
        }
    };
    let by = visit.attribution();
    let login = operator.login.clone();
    let linked = visit.change(move |ports, caller| {
        match operators::link(ports, Some(caller.org), &login, &link, &by) {
            Ok(()) => Ok(()),
            Err(LinkOperatorError::Taken) => Err(link_taken().into()),
            Err(LinkOperatorError::Unknown) => Err(UnknownOperator::Unknown.into()),
            Err(LinkOperatorError::Store(error)) => Err(error.into()),
        }
    });
    match linked.await {
        Err(failure) => shown(&visit, &form, problems_of(&failure), failure.status()).await,
        linked => done(&visit, &operator, linked, "operator-linked").await,
    }
}

fn link_taken() -> Rejection {
    Rejection::new(Code::Unreadable)
        .with_message(t::LINK_TAKEN)
        .at_field("subject")
}

pub(super) async fn unlink(visit: Visit) -> Answered {
    let operator = found(&visit).await?;
    let by = visit.attribution();
    let login = operator.login.clone();
    let unlinked = visit
        .change(move |ports, caller| Ok(operators::unlink(ports, Some(caller.org), &login, &by)?));
    done(&visit, &operator, unlinked.await, "operator-unlinked").await
}

pub(super) async fn ask_to_disable(visit: Visit) -> Answered {
    let operator = found(&visit).await?;
    let confirmation = Confirmation {
        title: t::DISABLE,
        about: operator.name.to_string(),
        text: t::DISABLE_TEXT,
        back: format!("/console/access/operators/{}", operator.number),
        is_dangerous: true,
    };
    confirm(
        &visit,
        confirmation,
        &Form::default(),
        Vec::new(),
        StatusCode::OK,
    )
}

pub(super) async fn disable(visit: Visit) -> Answered {
    let operator = found(&visit).await?;
    let by = visit.attribution();
    let login = operator.login.clone();
    // Sent again it finds her disabled, which is what was asked for.
    let changed = if operator.is_active() {
        let changed = visit.change(move |ports, caller| {
            Ok(operators::disable(ports, Some(caller.org), &login, &by)?)
        });
        changed.await
    } else {
        Ok(())
    };
    done(&visit, &operator, changed, "operator-disabled").await
}

async fn done(
    visit: &Visit,
    operator: &Operator,
    changed: Result<(), Failure>,
    done: &str,
) -> Answered {
    match changed {
        Ok(()) => {
            let place = format!("/console/access/operators/{}?done={done}", operator.number);
            Ok(lead_to(place))
        }
        Err(failure) => {
            let form = Form::default();
            shown(visit, &form, problems_of(&failure), failure.status()).await
        }
    }
}
