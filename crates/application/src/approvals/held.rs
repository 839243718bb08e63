//! Commands as they are held: plain data that names customers by their numbers.

use accolade_domain::approval::RuledOperation;
use accolade_domain::badge::BadgeStatus;
use accolade_domain::job::{JobOperation, JobState};
use accolade_domain::people::Person;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::Reason;
use accolade_domain::webhook::HeaderValue;
use serde::{Deserialize, Serialize};

use super::PutApprovalRules;
use super::command::{RuledCommand, Subject};
use crate::access::{AddClient, BoundClient, Caller};
use crate::answer::Answer;
use crate::badges::{SetActivity, UpdateBadge};
use crate::customers::{
    NamedCustomer, NamedCustomers, current_one, resolve, resolve_each, resolve_one,
};
use crate::earning::{EarnBadge, Earners, ImportCustomerBadges, RevokeEarn};
use crate::enrolment::{EnrolCustomers, RevokeEnrolments, WhichEnrolments};
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::jobs::{self, StartJob};
use crate::people::{EraseCustomer, MergeCustomers};
use crate::ports::{FilePlace, Operation, Ports, StoreError};
use crate::request::Request;
use crate::webhooks::{CreateWebhook, DeleteWebhook, MoveWebhook, UpdateWebhook};

macro_rules! held {
    ($($(#[$doc:meta])* $variant:ident($Command:ty) = $operation:ident;)+) => {
        /// A command that can wait: stored as it is, and run later by whoever approves it.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub enum HeldCommand {
            $($(#[$doc])* $variant(Box<$Command>),)+
        }

        impl HeldCommand {
            /// What it does.
            pub const fn operation(&self) -> RuledOperation {
                match self { $(Self::$variant(_) => RuledOperation::$operation,)+ }
            }

            /// Runs the use case, behind the door: no rule holds it here.
            pub(super) fn run(
                self,
                ports: &Ports,
                request: &mut Request,
            ) -> Result<Answer, UseCaseError> {
                match self { $(Self::$variant(command) => command.run(ports, request),)+ }
            }

            /// Whether it can be tried without being recorded.
            pub(super) const fn has_dry_run(&self) -> bool {
                match self { $(Self::$variant(_) => <$Command>::HAS_DRY_RUN,)+ }
            }

            /// How many customers it is about.
            pub(super) fn customers(&self) -> usize {
                match self { $(Self::$variant(command) => command.customers(),)+ }
            }
        }

        $(impl From<$Command> for HeldCommand {
            fn from(command: $Command) -> Self {
                Self::$variant(Box::new(command))
            }
        })+
    };
}

held! {
    /// Enrols customers.
    Enrol(EnrolCustomers) = Enrol;
    /// Lets customers earn.
    Earn(EarnBadge) = Earn;
    /// Revokes enrolments.
    RevokeEnrolments(RevokeEnrolments) = Revoke;
    /// Revokes an earned badge.
    RevokeEarn(RevokeEarn) = Revoke;
    /// Takes earned badges over from elsewhere.
    Import(ImportCustomerBadges) = Import;
    /// Replaces the definition of a badge.
    UpdateBadge(UpdateBadge) = UpdateBadge;
    /// Turns a badge off.
    SetActivity(SetActivity) = DeactivateBadge;
    /// Starts a job.
    StartJob(StartJob) = Job;
    /// Makes two customers one.
    Merge(MergeCustomers) = Merge;
    /// Forgets a customer.
    Erase(EraseCustomer) = Erase;
    /// Creates an API client.
    AddClient(AddClient) = Client;
    /// Changes how much an API client may ask for.
    BoundClient(BoundClient) = Client;
    /// Creates a webhook.
    CreateWebhook(CreateWebhook) = Webhook;
    /// Changes a webhook.
    UpdateWebhook(UpdateWebhook) = Webhook;
    /// Stops a webhook, or lets it go on.
    MoveWebhook(MoveWebhook) = Webhook;
    /// Deletes a webhook.
    DeleteWebhook(DeleteWebhook) = Webhook;
    /// Replaces the rules for approval.
    Rules(PutApprovalRules) = Rules;
}

impl RuledCommand {
    /// The operations whose rules hold it; none if it is not held whatever they say.
    pub(super) fn operations(
        &self,
        ports: &Ports,
        caller: &Caller,
    ) -> Result<Vec<RuledOperation>, UseCaseError> {
        match self {
            Self::Held(command) => command.operations(ports, caller),
            Self::NewJob(command) if command.start && !command.settings.dry_run => {
                Ok(of_job(command.settings.operation))
            }
            Self::NewJob(_) => Ok(Vec::new()),
        }
    }

    /// Whether it is about more customers or rows than `above`.
    pub(super) fn is_above(
        &self,
        ports: &Ports,
        caller: &Caller,
        above: u32,
    ) -> Result<bool, UseCaseError> {
        match self {
            Self::Held(HeldCommand::StartJob(command)) => {
                let (org, job) = (caller.org, &command.job);
                let stored = jobs::found(ports, caller, job)?;
                let sent = ports.stores.jobs.parts(org, job)?;
                let file = sent.iter().map(|part| {
                    let found = ports.stores.jobs.part(org, job, part.number)?;
                    Ok(found.unwrap_or_default())
                });
                has_more_rows(ports, &stored.job.settings, file, above)
            }
            Self::NewJob(command) => {
                let file = command.file.as_deref().unwrap_or_default();
                has_more_rows(ports, &command.settings, std::iter::once(Ok(file)), above)
            }
            Self::Held(command) => {
                let customers = u32::try_from(command.customers()).unwrap_or(u32::MAX);
                Ok(customers > above)
            }
        }
    }

    /// What no other change may be about while it waits.
    pub(super) fn subjects(&self) -> Vec<Subject> {
        match self {
            Self::Held(command) => command.subjects(),
            Self::NewJob(_) => Vec::new(),
        }
    }
}

/// The operations whose rules hold the start of a job that does this by each row.
fn of_job(operation: JobOperation) -> Vec<RuledOperation> {
    let by_row = match operation {
        JobOperation::Enrol => Some(RuledOperation::Enrol),
        JobOperation::Earn => Some(RuledOperation::Earn),
        JobOperation::RevokeEnrolments | JobOperation::RevokeEarns => Some(RuledOperation::Revoke),
        JobOperation::Import => Some(RuledOperation::Import),
        JobOperation::Customers => None,
    };
    [RuledOperation::Job].into_iter().chain(by_row).collect()
}

/// Whether the file of a job has more rows than `above`: it is read no further than that.
fn has_more_rows<P: AsRef<[u8]>>(
    ports: &Ports,
    settings: &accolade_domain::job::JobSettings,
    sent: impl Iterator<Item = Result<P, StoreError>>,
    above: u32,
) -> Result<bool, UseCaseError> {
    let file = ports.files.open(settings, &FilePlace::default());
    let mut file = file.map_err(UseCaseError::unexpected)?;
    let mut left = u64::from(above) + 1;
    for part in sent {
        file.feed(part?.as_ref());
        while file.next_row().is_some() {
            left -= 1;
            if left == 0 {
                return Ok(true);
            }
        }
    }
    file.finish();
    while file.next_row().is_some() {
        left -= 1;
        if left == 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

impl HeldCommand {
    fn operations(
        &self,
        ports: &Ports,
        caller: &Caller,
    ) -> Result<Vec<RuledOperation>, UseCaseError> {
        match self {
            Self::UpdateBadge(command) => {
                // Of what there is not, and of what would be refused anyway, nothing is held.
                let Some(found) = ports.stores.badges.find(caller.org, command.badge)? else {
                    return Ok(Vec::new());
                };
                let (badge, now) = (&found.badge, ports.clock.now());
                let mut operations = Vec::new();
                if badge.definition.period.status(now) == BadgeStatus::Live {
                    operations.push(RuledOperation::UpdateBadge);
                }
                if badge.active && command.active == Some(false) {
                    operations.push(RuledOperation::DeactivateBadge);
                }
                Ok(operations)
            }
            Self::SetActivity(command) if command.active => Ok(Vec::new()),
            Self::StartJob(command) => {
                let job = jobs::found(ports, caller, &command.job)?.job;
                // A dry run records nothing, and what was started before stays as it is.
                if job.settings.dry_run || job.state != JobState::Open {
                    return Ok(Vec::new());
                }
                Ok(of_job(job.settings.operation))
            }
            _ => Ok(vec![self.operation()]),
        }
    }

    /// What no other change may be about while it waits.
    pub(super) fn subjects(&self) -> Vec<Subject> {
        let request = |operation, id: Option<&_>| {
            let id = id.map(|id| Subject::request(operation, id));
            id.into_iter().collect()
        };
        // Who is named otherwise is looked up before it is held.
        let person = |named: &[&NamedCustomer]| {
            let numbers = named.iter().filter_map(|it| match it {
                NamedCustomer::Number(customer) => Some(Subject::customer(*customer)),
                NamedCustomer::Identifier(..) => None,
            });
            numbers.collect()
        };
        match self {
            Self::Enrol(it) => request(Operation::IssueBulk, it.request_id.as_ref()),
            Self::Earn(it) => {
                let operation = match it.earners {
                    Earners::One(_) => Operation::Earn,
                    Earners::Several(_) => Operation::EarnBulk,
                };
                request(operation, Some(&it.request_id))
            }
            Self::RevokeEnrolments(it) => request(Operation::RevokeIssue, it.request_id.as_ref()),
            Self::RevokeEarn(it) => request(Operation::RevokeEarn, it.request_id.as_ref()),
            Self::Import(it) => request(Operation::Import, it.request_id.as_ref()),
            Self::UpdateBadge(it) => vec![Subject::badge(it.badge)],
            Self::SetActivity(it) => vec![Subject::badge(it.badge)],
            Self::StartJob(it) => vec![Subject::job(&it.job)],
            Self::Rules(_) => vec![Subject::rules()],
            Self::Merge(it) => person(&[&it.from, &it.to]),
            Self::Erase(it) => person(&[&it.customer]),
            Self::BoundClient(it) => vec![Subject::client(it.client)],
            Self::UpdateWebhook(it) => vec![Subject::webhook(it.webhook)],
            Self::MoveWebhook(it) => vec![Subject::webhook(it.webhook)],
            Self::DeleteWebhook(it) => vec![Subject::webhook(it.webhook)],
            Self::AddClient(_) | Self::CreateWebhook(_) => Vec::new(),
        }
    }

    /// Why it is to be done, if that was said.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Enrol(it) => it.by_hand.as_ref(),
            Self::Earn(it) => it.by_hand.as_ref(),
            Self::RevokeEnrolments(it) => it.reason.as_ref(),
            Self::RevokeEarn(it) => it.reason.as_ref(),
            Self::Merge(it) => it.reason.as_ref(),
            Self::Import(_)
            | Self::UpdateBadge(_)
            | Self::SetActivity(_)
            | Self::StartJob(_)
            | Self::Erase(_)
            | Self::AddClient(_)
            | Self::BoundClient(_)
            | Self::CreateWebhook(_)
            | Self::UpdateWebhook(_)
            | Self::MoveWebhook(_)
            | Self::DeleteWebhook(_)
            | Self::Rules(_) => None,
        }
    }

    /// The same with customers named by their numbers. Those of a batch whom nobody is called as are left
    /// out, which is warned of.
    ///
    /// # Errors
    /// 1026 if nobody is left; the store failed.
    pub(super) fn resolved(
        mut self,
        ports: &Ports,
        request: &mut Request,
    ) -> Result<Self, UseCaseError> {
        match &mut self {
            Self::Enrol(it) => several(ports, request, &mut it.customers, "customers")?,
            Self::Earn(it) => match &mut it.earners {
                Earners::One(customer) => one(ports, request, customer, Some("customerId"))?,
                Earners::Several(all) => several(ports, request, all, "customerIds")?,
            },
            Self::RevokeEarn(it) => one(ports, request, &mut it.customer, Some("customerId"))?,
            Self::RevokeEnrolments(it) => match &mut it.which {
                WhichEnrolments::AllOf(all) => several(ports, request, all, "customers")?,
                WhichEnrolments::Named(all) => {
                    let (customers, enrolments): (Vec<_>, Vec<_>) =
                        std::mem::take(all).into_iter().unzip();
                    let path = |at| format!("revokeIssuals[{at}].customerId");
                    let found = resolve_each(ports, request, customers, path)?;
                    let named = found.len();
                    let known = found.into_iter().zip(enrolments);
                    let known = known.filter_map(|(it, id)| Some((it.ok()?.into(), id)));
                    *all = known.collect();
                    warn_of(request, named - all.len(), all.len(), "revokeIssuals")?;
                }
            },
            Self::Import(it) => {
                let customers = it.rows.iter().flatten().map(|row| row.customer.clone());
                let customers: Vec<_> = customers.collect();
                let path = |at| format!("[{at}].customerId");
                let mut found = resolve_each(ports, request, customers, path)?.into_iter();
                for row in &mut it.rows {
                    let Ok(known) = row else { continue };
                    if let Some(Ok(customer)) = found.next() {
                        known.customer = customer.into();
                    } else {
                        let unknown = Rejection::new(Code::IdentifierUnknown);
                        *row = Err(vec![unknown.at_field("customerId")]);
                    }
                }
            }
            Self::Merge(it) => {
                one(ports, request, &mut it.from, Some("fromCustomerId"))?;
                one(ports, request, &mut it.to, Some("toCustomerId"))?;
            }
            Self::Erase(it) => {
                // It is she who is erased, also if the number that was given is merged.
                let (caller, warnings) = (&request.caller, &mut request.warnings);
                let named = resolve_one(ports, caller, warnings, it.customer.clone(), None)?;
                it.customer = current_one(ports, caller, named)?.into();
            }
            // What the caller had seen is checked now, and then by what it was decided from.
            Self::UpdateBadge(_)
            | Self::SetActivity(_)
            | Self::StartJob(_)
            | Self::AddClient(_)
            | Self::BoundClient(_)
            | Self::CreateWebhook(_)
            | Self::UpdateWebhook(_)
            | Self::MoveWebhook(_)
            | Self::DeleteWebhook(_)
            | Self::Rules(_) => {}
        }
        Ok(self)
    }

    /// The same without what was said in headers: it was looked at when the command was made.
    #[must_use]
    pub(super) fn without_conditions(mut self) -> Self {
        if let Self::UpdateBadge(it) = &mut self {
            it.if_match = None;
        }
        self
    }

    /// The same without the secrets in it, as it may be shown.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        let mut shown = self.clone();
        let hide = |value: &mut HeaderValue| *value = HeaderValue::hidden();
        match &mut shown {
            Self::CreateWebhook(it) => it.headers.values_mut().for_each(hide),
            Self::UpdateWebhook(it) => {
                let values = it.headers.iter_mut().flat_map(|it| it.values_mut());
                values.flatten().for_each(hide);
            }
            _ => {}
        }
        shown
    }

    /// What is left of it without `person`: `None` if it does not name her, and nothing if there is nobody
    /// else whom it is about.
    pub fn without(&self, person: &Person) -> Option<Option<Self>> {
        let is_hers = |it: &NamedCustomer| match it {
            NamedCustomer::Number(customer) => person.has_number(*customer),
            NamedCustomer::Identifier(_, text) => person.is_called(text),
        };
        let is_only_hers = match self {
            Self::Enrol(it) => {
                return left(&it.customers, person, |customers| {
                    EnrolCustomers {
                        customers,
                        ..(**it).clone()
                    }
                    .into()
                });
            }
            Self::Earn(it) => match &it.earners {
                Earners::One(customer) => is_hers(customer),
                Earners::Several(all) => {
                    return left(all, person, |all| {
                        EarnBadge {
                            earners: Earners::Several(all),
                            ..(**it).clone()
                        }
                        .into()
                    });
                }
            },
            Self::RevokeEnrolments(it) => match &it.which {
                WhichEnrolments::AllOf(all) => {
                    return left(all, person, |all| {
                        RevokeEnrolments {
                            which: WhichEnrolments::AllOf(all),
                            ..(**it).clone()
                        }
                        .into()
                    });
                }
                WhichEnrolments::Named(all) => {
                    if !all.iter().any(|(customer, _)| is_hers(customer)) {
                        return None;
                    }
                    let others: Vec<_> = all.iter().filter(|it| !is_hers(&it.0)).cloned().collect();
                    let which = WhichEnrolments::Named(others.clone());
                    return Some((!others.is_empty()).then(|| {
                        RevokeEnrolments {
                            which,
                            ..(**it).clone()
                        }
                        .into()
                    }));
                }
            },
            Self::RevokeEarn(it) => is_hers(&it.customer),
            Self::Import(it) => {
                let mut rows = it.rows.clone();
                rows.retain(|row| !row.as_ref().is_ok_and(|row| is_hers(&row.customer)));
                if rows.len() == it.rows.len() {
                    return None;
                }
                return Some((!rows.is_empty()).then(|| {
                    ImportCustomerBadges {
                        rows,
                        ..(**it).clone()
                    }
                    .into()
                }));
            }
            Self::Merge(it) => is_hers(&it.from) || is_hers(&it.to),
            Self::Erase(it) => is_hers(&it.customer),
            Self::UpdateBadge(_)
            | Self::SetActivity(_)
            | Self::StartJob(_)
            | Self::AddClient(_)
            | Self::BoundClient(_)
            | Self::CreateWebhook(_)
            | Self::UpdateWebhook(_)
            | Self::MoveWebhook(_)
            | Self::DeleteWebhook(_)
            | Self::Rules(_) => false,
        };
        is_only_hers.then_some(None)
    }
}

/// What is left of a command about customers without `person`.
#[expect(
    clippy::option_option,
    reason = "as HeldCommand::without, whose answer it is"
)]
fn left(
    named: &NamedCustomers,
    person: &Person,
    command: impl Fn(NamedCustomers) -> HeldCommand,
) -> Option<Option<HeldCommand>> {
    let numbers = named.numbers()?;
    let others: Vec<_> = numbers
        .iter()
        .copied()
        .filter(|it| !person.has_number(*it))
        .collect();
    if others.len() == numbers.len() {
        return None;
    }
    Some((!others.is_empty()).then(|| command(others.into())))
}

fn one(
    ports: &Ports,
    request: &mut Request,
    customer: &mut NamedCustomer,
    field: Option<&str>,
) -> Result<(), UseCaseError> {
    let (caller, warnings) = (&request.caller, &mut request.warnings);
    *customer = resolve_one(ports, caller, warnings, customer.clone(), field)?.into();
    Ok(())
}

fn several(
    ports: &Ports,
    request: &mut Request,
    customers: &mut NamedCustomers,
    field: &str,
) -> Result<(), UseCaseError> {
    if customers.numbers().is_some() {
        return Ok(());
    }
    let found = resolve(ports, request, std::mem::take(customers), field)?;
    warn_of(request, found.unknown.len(), found.customers.len(), field)?;
    *customers = found.customers.into();
    Ok(())
}

/// Warns of identifiers that nobody has: nobody is there to wait for.
///
/// # Errors
/// 1026 if nobody is left.
fn warn_of(
    request: &mut Request,
    unknown: usize,
    known: usize,
    field: &str,
) -> Result<(), UseCaseError> {
    if unknown == 0 {
        return Ok(());
    }
    if known == 0 {
        return Err(Rejection::new(Code::IdentifierUnknown)
            .at_field(field)
            .into());
    }
    let message = format!("Nobody has {unknown} of the identifiers. They are left out.");
    let warning = Rejection::new(Code::IdentifierUnknown).with_message(message);
    request.warnings.push(warning.at_field(field));
    Ok(())
}
