//! Rows of a job's file as what is to be done: the columns of each operation, and their readings.
//!
//! A row is read as the body of a request is, by the same readings of the same fields, from an
//! object of its fields: an NDJSON row is one, and of a CSV row's cells one is made. What the row does
//! not say the job may say for all of them.

use std::collections::HashMap;

use accolade_application::customers::NamedCustomer;
use accolade_application::earning::ImportRow;
use accolade_application::ports::{DirectoryEntry, IdentifierKind, RowAction};
use accolade_domain::ids::BadgeId;
use accolade_domain::instant::Instant;
use accolade_domain::job::JobOperation;
use accolade_domain::owner::Owner;
use accolade_domain::rejection::{Code, Rejection};

use super::columns::{self, Need};
use super::rows::{Columns, FileRow};
use crate::customer::named::{self, TriggeredBy};
use crate::directory;
use crate::json::{self, Fields, Presence};

/// What a job says for all rows that do not say it themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Common {
    /// The badge.
    pub badge: Option<BadgeId>,
    /// When it happened.
    pub event_on: Option<Instant>,
    /// Who triggers it.
    pub triggered_by: Option<Owner>,
}

/// Reads the rows of a job.
#[derive(Debug, Clone)]
pub struct RowReader {
    operation: JobOperation,
    common: Common,
    /// Of the columns of a CSV file, the field that each is, if it is one.
    fields: Vec<Option<&'static str>>,
    /// How they are called.
    columns: Option<Columns>,
    /// The column of the customer, if no other says anything: then rows differ in the customer alone.
    only_customer: Option<usize>,
    /// What was to be done by such a row, of whomever.
    before: Option<RowAction>,
}

impl RowReader {
    /// Reads the rows of a CSV file with these columns.
    ///
    /// # Errors
    /// 1969 for each column that is missing, 400 for each that is one field with another.
    pub fn csv(
        operation: JobOperation,
        common: Common,
        columns: &Columns,
    ) -> Result<Self, Vec<Rejection>> {
        let mut problems = Vec::new();
        let mut fields: Vec<Option<&'static str>> = Vec::new();
        // The first column of each field: a file may have many that are none.
        let mut firsts: HashMap<&'static str, &str> = HashMap::new();
        for name in columns.names() {
            let field = columns::field(operation, name);
            fields.push(field);
            let Some(field) = field else { continue };
            if let Some(first) = firsts.get(field) {
                let message = format!("Means the same as the column {first}. Leave one of them.");
                problems.push(Rejection::unreadable(message).at_field(name));
            } else {
                firsts.insert(field, name);
            }
        }
        let is_there = |name: &&'static str| firsts.contains_key(*name);
        for Need { fields, message } in columns::needs(operation) {
            if !fields
                .iter()
                .any(|name| is_there(name) || common.says(name))
            {
                let missing = Rejection::new(Code::ColumnMissing).with_message(*message);
                problems.push(missing.at_field(fields[0]));
            }
        }
        if !problems.is_empty() {
            problems.truncate(json::MOST_REPORTED);
            return Err(problems);
        }
        let customer = fields.iter().position(|it| *it == Some(columns::CUSTOMER));
        Ok(Self {
            operation,
            common,
            only_customer: customer.filter(|_| firsts.len() == 1),
            before: None,
            fields,
            columns: Some(columns.clone()),
        })
    }

    /// Reads the rows of an NDJSON file.
    pub fn ndjson(operation: JobOperation, common: Common) -> Self {
        Self {
            operation,
            common,
            fields: Vec::new(),
            columns: None,
            only_customer: None,
            before: None,
        }
    }

    /// The columns of the file, if it is CSV.
    pub const fn columns(&self) -> Option<&Columns> {
        self.columns.as_ref()
    }

    /// What is to be done by `row`.
    ///
    /// # Errors
    /// It is invalid: what is wrong first, in whose message what else is wrong follows.
    pub fn read(&mut self, row: &FileRow<'_>) -> Result<RowAction, Rejection> {
        if let Some(problem) = row.problem() {
            return Err(problem.clone());
        }
        if let Some(action) = self.as_before(row) {
            return Ok(action);
        }
        let read = |fields: &mut Fields<'_, '_>| self.action(fields);
        let action = if self.columns.is_some() {
            json::read_line(&self.object(row), |_| None, read)
        } else {
            let known = |name: &str| columns::field(self.operation, name);
            json::read_line(&row.text(), known, read)
        };
        if self.only_customer.is_some() {
            self.before = action.as_ref().ok().cloned();
        }
        action.map_err(|problems| self.as_one(problems))
    }

    /// What is to be done by `row`, if that is what was to be done by the row before, but of another
    /// customer, whose number can be read.
    fn as_before(&self, row: &FileRow<'_>) -> Option<RowAction> {
        let number = row.fields().nth(self.only_customer?)?.trim().parse().ok()?;
        let mut action = self.before.clone()?;
        match &mut action {
            RowAction::Enrol { customer, .. }
            | RowAction::Earn { customer, .. }
            | RowAction::RevokeEnrolments { customer, .. } => {
                *customer = NamedCustomer::Number(number);
                Some(action)
            }
            RowAction::Import(_) | RowAction::RevokeEarn { .. } | RowAction::Customer(_) => None,
        }
    }

    /// The object that the cells of `row` are, without those that are empty.
    fn object(&self, row: &FileRow<'_>) -> String {
        let mut object = String::with_capacity(256);
        for (name, cell) in self.fields.iter().zip(row.fields()) {
            let Some(name) = name else { continue };
            let cell = cell.trim();
            if !cell.is_empty() {
                object.push(if object.is_empty() { '{' } else { ',' });
                object.push('"');
                object.push_str(name);
                object.push_str("\":");
                if *name == columns::TRIGGERED_BY && json::object_in(cell).is_some() {
                    object.push_str(cell);
                } else {
                    push_string(&mut object, cell);
                }
            }
        }
        if object.is_empty() {
            object.push('{');
        }
        object.push('}');
        object
    }

    fn action(&self, fields: &mut Fields<'_, '_>) -> Option<RowAction> {
        match self.operation {
            JobOperation::Enrol => {
                let (badge, customer) = self.badge_and_customer(fields);
                let event_on = self.event_on(fields);
                let triggered_by = self.triggered_by(fields);
                Some(RowAction::Enrol {
                    badge: badge?,
                    customer: customer?,
                    event_on,
                    triggered_by,
                })
            }
            JobOperation::Earn => {
                let (badge, customer) = self.badge_and_customer(fields);
                let event_on = self.event_on(fields);
                let triggered_by = self.triggered_by(fields);
                Some(RowAction::Earn {
                    badge: badge?,
                    customer: customer?,
                    event_on,
                    triggered_by,
                })
            }
            JobOperation::RevokeEnrolments => {
                let (badge, customer) = self.badge_and_customer(fields);
                let enrolment = fields.field(columns::ISSUED).object_id();
                let reason = fields.field(columns::REASON).text();
                Some(RowAction::RevokeEnrolments {
                    badge: badge?,
                    customer: customer?,
                    enrolment,
                    reason,
                })
            }
            JobOperation::RevokeEarns => {
                let (badge, customer) = self.badge_and_customer(fields);
                let earned = fields.field(columns::EARNED).required().object_id();
                let reason = fields.field(columns::REASON).text();
                Some(RowAction::RevokeEarn {
                    badge: badge?,
                    customer: customer?,
                    earned: earned?,
                    reason,
                })
            }
            JobOperation::Import => {
                let (badge, customer) = self.badge_and_customer(fields);
                let event_on = match self.common.event_on {
                    Some(_) => self.event_on(fields),
                    None => fields.instant_pair(columns::EVENT_DATE, Presence::Required),
                };
                let expires_on = fields.instant_pair(columns::EXPIRES_ON, Presence::Required);
                Some(RowAction::Import(ImportRow {
                    badge: badge?,
                    customer: customer?,
                    event_on: event_on?,
                    expires_on: expires_on?,
                }))
            }
            JobOperation::Customers => {
                let customer = fields
                    .field(columns::CUSTOMER)
                    .required_as(Code::CustomerMissing)
                    .number_id();
                let identifiers = directory::identifiers(fields);
                Some(RowAction::Customer(DirectoryEntry {
                    customer: customer?,
                    identifiers: identifiers?,
                }))
            }
        }
    }

    fn badge_and_customer(
        &self,
        fields: &mut Fields<'_, '_>,
    ) -> (Option<BadgeId>, Option<NamedCustomer>) {
        let badge = match self.common.badge {
            Some(badge) if !fields.has(columns::BADGE) => Some(badge),
            _ => fields.field(columns::BADGE).required().object_id(),
        };
        (badge, customer(fields))
    }

    fn event_on(&self, fields: &mut Fields<'_, '_>) -> Option<Instant> {
        let own = fields.instant_pair(columns::EVENT_DATE, Presence::Optional);
        own.or(self.common.event_on)
    }

    /// Who triggers it: what a row does not say of that the job says.
    fn triggered_by(&self, fields: &mut Fields<'_, '_>) -> Option<Owner> {
        if fields.has(columns::TRIGGERED_BY) {
            return TriggeredBy::field(fields, columns::TRIGGERED_BY);
        }
        let has_type = fields.has(columns::OWNER_TYPE);
        let has_reference = fields.has(columns::REFERENCE);
        let common = self.common.triggered_by.as_ref();
        if !has_type && !has_reference {
            return common.cloned();
        }
        let owner_type = match common {
            Some(common) if !has_type => Some(common.owner_type),
            _ => named::owner_type(fields, columns::OWNER_TYPE),
        };
        let reference = match common {
            Some(common) if !has_reference => Some(common.reference.clone()),
            _ => named::reference(fields, columns::REFERENCE),
        };
        Some(Owner {
            owner_type: owner_type?,
            reference: reference?,
        })
    }

    /// All `problems` of a row as one, under the names that its file has for the fields.
    fn as_one(&self, problems: Vec<Rejection>) -> Rejection {
        let mut problems = problems.into_iter();
        let first = problems.next().unwrap_or_else(Rejection::required);
        let field = first
            .field
            .as_deref()
            .map(|field| self.name(field).to_owned());
        let mut message = first.message;
        for Rejection {
            message: also,
            field,
            ..
        } in problems
        {
            message.push(' ');
            if let Some(field) = field {
                message.push_str(self.name(&field));
                message.push_str(": ");
            }
            message.push_str(&also);
        }
        Rejection {
            code: first.code,
            message,
            field,
        }
    }

    /// How the file calls `field`.
    fn name<'n>(&'n self, field: &'n str) -> &'n str {
        let own = || {
            let column = self.fields.iter().position(|known| *known == Some(field))?;
            self.columns.as_ref()?.names().get(column)
        };
        own().map_or(field, String::as_str)
    }
}

/// Appends `text` as a string of JSON.
fn push_string(json: &mut String, text: &str) {
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        json.push('"');
        json.push_str(text);
        json.push('"');
    } else {
        json.push_str(&serde_json::Value::from(text).to_string());
    }
}

impl Common {
    fn says(&self, field: &str) -> bool {
        match field {
            columns::BADGE => self.badge.is_some(),
            columns::EVENT_DATE => self.event_on.is_some(),
            _ => false,
        }
    }
}

/// Who is meant: the customer's number, else the first of the identifiers that is there. 812 if there
/// is none.
fn customer(fields: &mut Fields<'_, '_>) -> Option<NamedCustomer> {
    if !fields.has(columns::CUSTOMER) {
        let mut kinds = IdentifierKind::ALL.iter();
        if let Some(kind) = kinds.find(|kind| fields.has(kind.name())) {
            return named::one(fields.field(kind.name()), Some(*kind));
        }
    }
    named::one(fields.field(columns::CUSTOMER), None)
}
