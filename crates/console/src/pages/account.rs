//! Who is signed in, and signing out of everywhere.

use accolade_domain::operator::Permission;
use askama::Template;

use super::sign_in::signed_out;
use crate::frame::{Frame, show};
use crate::moment::Moment;
use crate::router::{Answered, Page, get, post};
use crate::texts as t;
use crate::visit::Visit;

pub(super) fn pages() -> Vec<Page> {
    vec![
        get("/console/account", Permission::Look, account),
        post("/console/account/sign-out", Permission::Look, sign_out),
    ]
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    login: String,
    name: String,
    roles: String,
    began: Moment,
    ends: Moment,
}

async fn account(visit: Visit) -> Answered {
    let moments = visit.moments();
    let operator = &visit.session.operator;
    show(&AccountPage {
        frame: visit.frame(t::ACCOUNT),
        login: operator.login.to_string(),
        name: operator.name.to_string(),
        roles: operator.roles.names().join(", "),
        began: moments.show(visit.session.began_on),
        ends: moments.show(visit.session.ends_on),
    })
}

async fn sign_out(visit: Visit) -> Answered {
    let (context, http) = (&visit.context, &visit.http);
    context.sign_out_everywhere(http, &visit.session).await?;
    Ok(signed_out())
}
