//! The operators and the clients of the org.

use accolade_application::access::clients_of;
use accolade_application::operators;
use accolade_application::ports::Client;
use accolade_domain::instant::Instant;
use accolade_domain::operator::Operator;
use askama::Template;

use crate::frame::{Frame, show};
use crate::moment::{Moment, Moments};
use crate::router::Answered;
use crate::texts as t;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "access.html")]
struct AccessPage {
    frame: Frame,
    operators: Vec<OperatorRow>,
    clients: Vec<ClientRow>,
}

struct OperatorRow {
    number: String,
    name: String,
    login: String,
    roles: String,
    last: Option<Moment>,
    disabled: Option<Moment>,
}

struct ClientRow {
    number: String,
    name: String,
    key: String,
    groups: String,
    created: Moment,
    last: Option<Moment>,
    ends: Option<Moment>,
    state: &'static str,
    kind: &'static str,
}

pub(super) async fn list_access(visit: Visit) -> Answered {
    let found = visit.look_up(|ports, caller| {
        let operators = operators::list(ports, Some(caller.org))?;
        Ok((operators, clients_of(ports, caller)?))
    });
    let (operators, clients) = found.await?;
    let (now, moments) = (visit.now(), visit.moments());
    show(&AccessPage {
        frame: visit.frame(t::ACCESS).telling(visit.query.typed("done")),
        operators: operators.iter().map(|it| operator(it, &moments)).collect(),
        clients: clients.iter().map(|it| client(it, now, &moments)).collect(),
    })
}

fn operator(it: &Operator, moments: &Moments) -> OperatorRow {
    OperatorRow {
        number: it.number.to_string(),
        name: it.name.to_string(),
        login: it.login.to_string(),
        roles: it.roles.names().join(", "),
        last: moments.maybe(it.last_signed_in_on),
        disabled: moments.maybe(it.disabled_on),
    }
}

fn client(it: &Client, now: Instant, moments: &Moments) -> ClientRow {
    let (state, kind) = if it.revoked_on.is_some() {
        (t::REVOKED, "odd")
    } else if it.is_over(now) {
        (t::HAS_ENDED, "over")
    } else if it.next_secret.is_some() {
        (t::BEING_ROTATED, "soon")
    } else {
        (t::WORKS, "good")
    };
    ClientRow {
        number: it.number.to_string(),
        name: it.name.to_string(),
        key: it.key.to_string(),
        groups: it.groups.names().join(", "),
        created: moments.show(it.created_on),
        last: moments.maybe(it.last_used_on),
        ends: moments.maybe(it.bounds.ends_on),
        state,
        kind,
    }
}
