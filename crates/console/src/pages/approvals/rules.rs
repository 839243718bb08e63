//! The rules that say what waits for approval.

use accolade_application::answer::Answer;
use accolade_application::approvals::{self, PutApprovalRules};
use accolade_domain::approval::{ApprovalRules, RuledOperation};
use accolade_domain::rejection::Rejection;
use accolade_wire::change::rules::RulesRequestBody;
use actix_web::http::StatusCode;
use askama::Template;
use serde_json::{Map, Value, json};

use crate::act::KEY;
use crate::form::Form;
use crate::frame::{Frame, Problem, show_with};
use crate::router::Answered;
use crate::texts as t;
use crate::visit::{Visit, lead_to};

#[derive(Template)]
#[template(path = "approval_rules.html")]
struct RulesPage {
    frame: Frame,
    rows: Vec<Row>,
    key: String,
}

/// An operation, and its rule, if it has one.
struct Row {
    operation: &'static str,
    text: String,
    has_rows: bool,
    is_ruled: bool,
    above: String,
    approvals: String,
    expires: String,
}

pub(super) async fn show_rules(visit: Visit) -> Answered {
    let rules = visit.look_up(approvals::rules).await?;
    let form = filled(&rules).with(KEY, visit.new_key());
    shown(&visit, &form, Vec::new(), StatusCode::OK)
}

pub(super) async fn put_rules(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let bad = StatusCode::BAD_REQUEST;
    let read = RulesRequestBody::parse(body(&form).to_string().as_bytes());
    let rules = match read.and_then(|parsed| ApprovalRules::new(parsed.value)) {
        Ok(rules) => rules,
        Err(problems) => {
            return shown(&visit, &form, at_rows(&form, &problems), bad);
        }
    };
    match visit.carry_out(&form, PutApprovalRules { rules }).await {
        Ok(executed) => Ok(match executed.answer() {
            Answer::ApprovalRules(_) => lead_to("/console/approvals?done=rules-saved"),
            _ => lead_to("/console/approvals?done=held"),
        }),
        Err(failure) => {
            let problems = at_rows(&form, &failure.problems(None));
            shown(&visit, &form, problems, failure.status())
        }
    }
}

/// The operations that the form has rules for, in its order.
fn ruled(form: &Form) -> Vec<RuledOperation> {
    let all = RuledOperation::ALL.iter().copied();
    all.filter(|it| form.has("ruled", it.name())).collect()
}

/// The body of the API's own request that says what the form says.
fn body(form: &Form) -> Value {
    let rules = ruled(form).into_iter().map(|operation| {
        let name = operation.name();
        let mut rule = Map::from_iter([("operation".to_owned(), json!(name))]);
        for field in ["aboveRows", "approvals"] {
            if let Some(text) = form.given(&format!("{name}.{field}")) {
                rule.insert(field.to_owned(), number(&text));
            }
        }
        if let Some(text) = form.given(&format!("{name}.hours")) {
            let hours = text
                .parse::<i64>()
                .map(|it| json!(it.saturating_mul(3_600)));
            let seconds = hours.unwrap_or_else(|_| json!(text));
            rule.insert("expiresAfter".to_owned(), seconds);
        }
        Value::Object(rule)
    });
    json!({ "rules": rules.collect::<Vec<_>>() })
}

/// A number is sent as one; what is none as it is, so that it is refused where it stands.
fn number(text: &str) -> Value {
    text.parse::<i64>()
        .map_or_else(|_| json!(text), |it| json!(it))
}

/// What is to be mended of the rules, at the rows that it is of.
fn at_rows(form: &Form, refused: &[Rejection]) -> Vec<Problem> {
    let operations = ruled(form);
    let row = |at: &str| {
        let place = at.strip_prefix("rules[")?.split(']').next()?;
        operations.get(place.parse::<usize>().ok()?)
    };
    let moved = refused.iter().map(|rejection| {
        let text = t::coded(&rejection.message, rejection.code.number());
        match rejection.field.as_deref().and_then(row) {
            Some(operation) => {
                let name = operation.name();
                Problem::at(name, t::of_rule(name, &text))
            }
            None => Problem::new(text),
        }
    });
    moved.collect()
}

fn filled(rules: &ApprovalRules) -> Form {
    let mut fields = Vec::new();
    for rule in rules.as_slice() {
        let name = rule.operation.name();
        let mut put = |field: &str, text: String| fields.push((format!("{name}.{field}"), text));
        put("aboveRows", rule.above_rows.to_string());
        put("approvals", rule.approvals.get().to_string());
        put(
            "hours",
            (rule.expires_after.seconds().div_ceil(3_600)).to_string(),
        );
        fields.push(("ruled".to_owned(), name.to_owned()));
    }
    fields.into_iter().collect()
}

fn shown(visit: &Visit, form: &Form, problems: Vec<Problem>, status: StatusCode) -> Answered {
    let row = |operation: &RuledOperation| {
        let name = operation.name();
        let text = |field: &str| form.typed(&format!("{name}.{field}")).to_owned();
        Row {
            operation: name,
            text: t::ruled_operation(name),
            has_rows: operation.has_rows(),
            is_ruled: form.has("ruled", name),
            above: text("aboveRows"),
            approvals: text("approvals"),
            expires: text("hours"),
        }
    };
    let page = RulesPage {
        frame: visit.frame(t::APPROVAL_RULES).with_problems(problems),
        rows: RuledOperation::ALL.iter().map(row).collect(),
        key: form.typed(KEY).to_owned(),
    };
    show_with(status, &page)
}
