//! The requests of a chunk: executed, and what became of them told of each row.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::thread;

use accolade_domain::earning::EventDate;
use accolade_domain::enrolment::Outcome;
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId, EnrolmentId};
use accolade_domain::instant::Instant;
use accolade_domain::job::RowOutcome;
use accolade_domain::owner::Owner;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::{Reason, RequestId};
use anyhow::anyhow;

use super::plan::{Group, Member, by_customer, in_order, in_sets, most_of_a_set, revoked_together};
use super::{Chunk, Keeping, RunError};
use crate::answer::{Answer, EarnOutcome, Imported};
use crate::customers::{NamedCustomer, NamedCustomers};
use crate::earning::{EarnBadge, Earners, ImportCustomerBadges, ImportRow, RevokeEarns};
use crate::enrolment::{EnrolCustomers, RevokeEnrolments, WhichEnrolments};
use crate::error::UseCaseError;
use crate::execute::{Command, Executed, execute_admitted};
use crate::group_commit::{GroupCommit, execute_admitted_together};
use crate::ports::{
    ChunkPlan, IdentifierKind, JobRow, NotExecuted, Operation, PlannedRow, RowAction, StoreError,
};
use crate::request::Request;

/// What rows have in common that enrol or earn in one request.
pub(super) type Terms = (Option<Instant>, Option<Owner>);

/// What became of a request.
enum Done {
    /// It was executed, now or by somebody before.
    Executed(Answer),
    /// It was refused as a whole.
    Refused(Vec<Rejection>),
}

/// What a result means for a row that there is none for.
pub(super) fn without_outcome() -> StoreError {
    StoreError::Unexpected(anyhow!("an answer tells nothing of a row of its request"))
}

/// A row of a request: its position in the chunk, and the customer, if the request names her once.
type Asked = (usize, Option<CustomerId>);

impl Chunk<'_> {
    /// Executes what the rows ask for.
    ///
    /// # Errors
    /// Somebody else works on the job; the store failed.
    pub(super) fn execute(&mut self, mut keeping: Keeping<'_>) -> Result<(), RunError> {
        let rows = self.planned_rows(&mut keeping)?;
        let mut number = 0;
        self.enrol(&mut number, rows.enrol)?;
        self.earn(&mut number, rows.earn)?;
        self.revoke_enrolments(&mut number, rows.revoke, &rows.enrolments)?;
        self.revoke_earns(&mut number, rows.earns)?;
        self.import(&mut number, rows.imports)
    }

    /// The rows, sorted by the plan that counts.
    fn planned_rows(&mut self, keeping: &mut Keeping<'_>) -> Result<Rows, RunError> {
        let Some(sorted) = self.sorted.take() else {
            let customers = self.customers(keeping)?;
            return Ok(Rows::sorted(std::mem::take(&mut self.rows), &customers));
        };
        let as_read = ChunkPlan::as_read();
        let counts = match keeping.kept() {
            Some(kept) => *kept == as_read,
            None => keeping.keep(&as_read)? == as_read,
        };
        // Whoever opens it again goes by the plan of somebody who was faster.
        if counts {
            Ok(sorted)
        } else {
            Err(RunError::Superseded)
        }
    }

    /// The customer of each row that names one who is known. The others have their outcome.
    fn customers(
        &mut self,
        keeping: &mut Keeping<'_>,
    ) -> Result<Vec<Option<CustomerId>>, RunError> {
        let plan = match keeping.kept() {
            Some(plan) => plan.clone(),
            // Also if all rows are as they were read: who is merged into somebody else later must not
            // make other requests of them.
            None => keeping.keep(&self.found()?)?,
        };
        Ok(self.planned_customers(plan))
    }

    /// The same, by the plan.
    pub(super) fn planned_customers(&mut self, plan: ChunkPlan) -> Vec<Option<CustomerId>> {
        let mut planned = plan.rows.into_iter();
        let mut customers = Vec::with_capacity(self.rows.len());
        for (position, row) in self.rows.iter().enumerate() {
            customers.push(match planned.next().unwrap_or(PlannedRow::AsRead) {
                PlannedRow::AsRead => row.number(),
                PlannedRow::Customer(customer) => Some(customer),
                PlannedRow::Refused(rejection) => {
                    self.outcomes[position] = Some(RowOutcome::Refused(None, rejection.into()));
                    None
                }
            });
        }
        customers
    }

    /// Who has the identifiers that rows name customers by, and whom numbers stand for that were merged
    /// into others.
    pub(super) fn found(&self) -> Result<ChunkPlan, StoreError> {
        let mut wanted: HashMap<IdentifierKind, Vec<(usize, String)>> = HashMap::new();
        for (position, row) in self.rows.iter().enumerate() {
            if let Some((kind, text)) = identifier(row.action.as_ref().ok()) {
                let compared = kind.comparable(text, self.caller.region);
                wanted
                    .entry(kind)
                    .or_default()
                    .push((position, compared.text));
            }
        }
        let mut rows = vec![PlannedRow::AsRead; self.rows.len()];
        let numbers: Vec<_> = self.rows.iter().map(JobRow::number).collect();
        let named: Vec<_> = numbers.iter().flatten().copied().collect();
        if !named.is_empty() {
            let people = &self.ports.stores.people;
            let successors = people.successors(self.caller.org, &named)?;
            for (row, number) in rows.iter_mut().zip(&numbers) {
                if let Some(successor) = number.and_then(|it| successors.get(&it)) {
                    *row = PlannedRow::Customer(*successor);
                }
            }
        }
        for (kind, wanted) in wanted {
            let (positions, texts): (Vec<_>, Vec<_>) = wanted.into_iter().unzip();
            let directory = &self.ports.stores.directory;
            let found = directory.resolve(self.caller.org, kind, &texts)?;
            for (position, customer) in positions.into_iter().zip(found) {
                rows[position] = match customer {
                    Some(customer) => PlannedRow::Customer(customer),
                    None => PlannedRow::Refused(
                        Rejection::new(Code::IdentifierUnknown).at_field(kind.name()),
                    ),
                };
            }
        }
        Ok(ChunkPlan { number: 1, rows })
    }

    fn enrol(&mut self, number: &mut usize, waves: Vec<Vec<Group<Terms>>>) -> Result<(), RunError> {
        for wave in waves {
            let sets = in_sets(wave, most_of_a_set(self.most_rows));
            let sets = sets.into_iter().map(|set| self.enrolments(number, set));
            let sets = sets.collect::<Result<_, _>>()?;
            self.execute_all(sets)?;
        }
        Ok(())
    }

    /// The command of each group.
    fn enrolments(
        &self,
        number: &mut usize,
        groups: Vec<Group<Terms>>,
    ) -> Result<Vec<(Group<Terms>, EnrolCustomers)>, StoreError> {
        let mut commands = Vec::with_capacity(groups.len());
        for group in groups {
            let (event_on, triggered_by) = group.terms.clone();
            let command = EnrolCustomers {
                badge: group.badge,
                customers: NamedCustomers::default(),
                request_id: Some(self.next_id(number)?),
                event_on,
                triggered_by,
                by_hand: None,
            };
            commands.push((group, command));
        }
        Ok(commands)
    }

    fn earn(
        &mut self,
        number: &mut usize,
        rows: Vec<(usize, BadgeId, CustomerId, Terms)>,
    ) -> Result<(), RunError> {
        // Those of one event date may share a transaction.
        for run in in_order(rows, |(event_on, _)| *event_on) {
            let mut commands = Vec::with_capacity(run.len());
            for group in run {
                let (on, triggered_by) = group.terms.clone();
                let command = EarnBadge {
                    badge: group.badge,
                    earners: Earners::Several(NamedCustomers::default()),
                    request_id: self.next_id(number)?,
                    event: event_date(on),
                    triggered_by,
                    by_hand: None,
                };
                commands.push((group, command));
            }
            self.execute_all(vec![commands])?;
        }
        Ok(())
    }

    fn revoke_enrolments(
        &mut self,
        number: &mut usize,
        rows: Vec<RevokeRow>,
        enrolments: &HashMap<usize, EnrolmentId>,
    ) -> Result<(), RunError> {
        for group in by_customer(rows).into_iter().flatten() {
            let (is_named, reason) = group.terms.clone();
            let which = if is_named {
                let members = group.members.iter();
                WhichEnrolments::Named(
                    members
                        .filter_map(|(row, customer)| {
                            Some((NamedCustomer::from(*customer), *enrolments.get(row)?))
                        })
                        .collect(),
                )
            } else {
                WhichEnrolments::AllOf(customers_of(&group).into())
            };
            let request_id = self.next_id(number)?;
            let command = RevokeEnrolments {
                badge: group.badge,
                which,
                request_id: Some(request_id.clone()),
                reason,
            };
            let mut done = self.execute_one(command, Operation::RevokeIssue, &request_id)?;
            if let (false, Done::Executed(Answer::EnrolmentsRevoked { outcomes, .. })) =
                (is_named, &mut done)
            {
                // Of all that a customer has the first tells.
                outcomes.dedup_by_key(|it| it.customer);
            }
            self.tell(&group.members, Operation::RevokeIssue, request_id, done)?;
        }
        Ok(())
    }

    fn revoke_earns(
        &mut self,
        number: &mut usize,
        rows: Vec<RevokeEarnRow>,
    ) -> Result<(), RunError> {
        for run in revoked_together(rows) {
            let mut ids = Vec::with_capacity(run.rows.len());
            let mut earns = Vec::with_capacity(run.rows.len());
            for (_, customer, earned) in &run.rows {
                let request_id = self.next_id(number)?;
                earns.push((*customer, *earned, request_id.clone()));
                ids.push(request_id);
            }
            let (badge, reason) = (run.badge, run.reason);
            let command = RevokeEarns {
                badge,
                reason,
                earns,
            };
            let results = match command.run(self.ports, &self.request()) {
                Ok(results) => results,
                Err(UseCaseError::Store(error)) => return Err(error.into()),
                Err(error) => return Err(StoreError::Unexpected(error.into()).into()),
            };
            for (((position, ..), request_id), result) in run.rows.iter().zip(&ids).zip(results) {
                let result = result.map(|answer| Executed::Now {
                    answer,
                    warnings: Vec::new(),
                });
                let done = self.done(result, Operation::RevokeEarn, request_id)?;
                // Who has no such earned badge now never will, so nobody can execute it later: the
                // ledger needs no word of it.
                self.outcomes[*position] = Some(match done {
                    Done::Executed(Answer::EarnRevoked { earned, .. }) => {
                        RowOutcome::Succeeded(Some(earned.0))
                    }
                    Done::Executed(Answer::NotExecuted(rejections)) | Done::Refused(rejections) => {
                        refused(&rejections)?
                    }
                    Done::Executed(Answer::Forgotten) => gone(),
                    Done::Executed(_) => return Err(without_outcome().into()),
                });
            }
        }
        Ok(())
    }

    fn import(&mut self, number: &mut usize, rows: Vec<ImportedRow>) -> Result<(), RunError> {
        if rows.is_empty() {
            return Ok(());
        }
        let (members, rows): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let request_id = self.next_id(number)?;
        let command = ImportCustomerBadges {
            rows: rows.into_iter().map(Ok).collect(),
            request_id: Some(request_id.clone()),
        };
        let done = self.execute_one(command, Operation::Import, &request_id)?;
        let members = members.into_iter().map(|position| (position, None));
        self.tell_each(members, Operation::Import, request_id, done)
    }

    fn next_id(&self, number: &mut usize) -> Result<RequestId, StoreError> {
        let id = self.names.request_id(*number)?;
        *number += 1;
        Ok(id)
    }

    /// Executes commands: those of one set in one transaction where that can be, the sets beside each
    /// other.
    fn execute_all<T, C: GroupCommit + Send>(
        &mut self,
        sets: Vec<Vec<(Group<T>, C)>>,
    ) -> Result<(), RunError> {
        let mut groups = Vec::new();
        let mut members = Vec::with_capacity(sets.len());
        for set in sets {
            let mut of_set = Vec::with_capacity(set.len());
            for (group, command) in set {
                let request_id = command.request_id().cloned().ok_or_else(without_outcome)?;
                let (operation, customers) = (command.operation(), customers_of(&group));
                groups.push((operation, request_id, group.members));
                of_set.push((self.request(), command, customers));
            }
            members.push(of_set);
        }
        let (ports, known) = (self.ports, self.known);
        let results = side_by_side(members, |set| execute_admitted_together(ports, known, set));
        for ((operation, request_id, members), result) in
            groups.into_iter().zip(results.into_iter().flatten())
        {
            let done = self.done(result, operation, &request_id)?;
            self.tell(&members, operation, request_id, done)?;
        }
        Ok(())
    }

    fn execute_one<C: Command>(
        &self,
        command: C,
        operation: Operation,
        request_id: &RequestId,
    ) -> Result<Done, RunError> {
        let result = execute_admitted(self.ports, self.request(), command);
        self.done(result, operation, request_id)
    }

    fn request(&self) -> Request {
        Request::new(self.caller.clone())
    }

    /// What became of a request, if this is the result: what was executed before is in the ledger.
    fn done(
        &self,
        result: Result<Executed, UseCaseError>,
        operation: Operation,
        request_id: &RequestId,
    ) -> Result<Done, RunError> {
        match result {
            Ok(executed) => Ok(Done::Executed(executed.into_answer())),
            Err(UseCaseError::Refused(rejections)) => {
                let is_used = |it: &Rejection| it.code == Code::RequestIdUsed;
                if !rejections.first().is_some_and(is_used) {
                    return Ok(Done::Refused(rejections));
                }
                let entries = self
                    .ports
                    .stores
                    .requests
                    .find(self.caller.org, request_id)?;
                let mut entries = entries.into_iter();
                let entry = entries.find(|entry| entry.operation == operation);
                let entry = entry.ok_or_else(|| {
                    StoreError::Unexpected(anyhow!("a request id is used by no request"))
                })?;
                Ok(Done::Executed(entry.answer))
            }
            Err(UseCaseError::IdempotencyKeyUsed) => Err(StoreError::Unexpected(anyhow!(
                "a request of a job has no idempotency key, and it is used"
            ))
            .into()),
            // What a job was started for is let through whatever the rules say meanwhile.
            Err(error @ UseCaseError::RulesChanged) => {
                Err(StoreError::Unexpected(error.into()).into())
            }
            Err(UseCaseError::Store(error)) => Err(error.into()),
        }
    }

    /// Tells each of `members` what became of its request.
    fn tell(
        &mut self,
        members: &[Member],
        operation: Operation,
        request_id: RequestId,
        done: Done,
    ) -> Result<(), RunError> {
        let members = members.iter().map(|it| (it.0, Some(it.1)));
        self.tell_each(members, operation, request_id, done)
    }

    /// The same of rows whose customers are not of different ones.
    fn tell_each(
        &mut self,
        members: impl ExactSizeIterator<Item = Asked> + Clone,
        operation: Operation,
        request_id: RequestId,
        done: Done,
    ) -> Result<(), RunError> {
        let rejections = match done {
            Done::Executed(Answer::NotExecuted(rejections)) => rejections,
            Done::Executed(answer) => {
                let mut told = outcomes(answer)?;
                // Who was merged meanwhile has her outcome under another number, at her place.
                if told.len() != members.len() {
                    told = self.aligned(told, members.clone())?;
                }
                for ((position, _), (_, outcome)) in members.zip(told) {
                    self.outcomes[position] = Some(outcome);
                }
                return Ok(());
            }
            Done::Refused(rejections) => {
                self.not_executed.push(NotExecuted {
                    operation,
                    request_id,
                    rejections: rejections.clone(),
                });
                rejections
            }
        };
        let outcome = refused(&rejections)?;
        for (position, _) in members {
            self.outcomes[position] = Some(outcome.clone());
        }
        Ok(())
    }

    /// The outcome of each of `members`, if some of them are not in the answer: who was erased, and who
    /// was merged into another of them before the request was executed.
    fn aligned(
        &self,
        told: Vec<Told>,
        members: impl Iterator<Item = Asked> + Clone,
    ) -> Result<Vec<Told>, StoreError> {
        let customers: Vec<_> = members.clone().filter_map(|it| it.1).collect();
        let people = &self.ports.stores.people;
        let successors = people.successors(self.caller.org, &customers)?;
        let mut told: HashMap<_, _> = told.into_iter().collect();
        let mut outcome_of = |customer: Option<CustomerId>| {
            let customer = customer?;
            let own = told.remove(&Some(customer));
            own.or_else(|| told.remove(&Some(*successors.get(&customer)?)))
        };
        let aligned = members.map(|(_, customer)| {
            let own = outcome_of(customer);
            (customer, own.unwrap_or_else(gone))
        });
        Ok(aligned.collect())
    }
}

/// What `run` makes of each of them, all at once, by position.
fn side_by_side<T: Send, R: Send>(all: Vec<T>, run: impl Fn(T) -> R + Sync) -> Vec<R> {
    thread::scope(|scope| {
        let (mut all, run) = (all.into_iter(), &run);
        let first = all.next();
        let others: Vec<_> = all.map(|it| scope.spawn(move || run(it))).collect();
        let first = first.map(run);
        let others = others.into_iter().map(thread::ScopedJoinHandle::join);
        let others = others.map(|it| it.unwrap_or_else(|panic| resume_unwind(panic)));
        first.into_iter().chain(others).collect()
    })
}

/// A row that revokes enrolments: whether it names one, and why it is.
pub(super) type RevokeRow = (usize, BadgeId, CustomerId, (bool, Option<Reason>));

/// A row that revokes an earned badge: which, and why.
pub(super) type RevokeEarnRow = (usize, BadgeId, CustomerId, (EarnedBadgeId, Option<Reason>));

/// A row that is imported, with its position.
pub(super) type ImportedRow = (usize, ImportRow);

/// The rows of a chunk by what they ask for, with their positions.
#[derive(Default)]
pub(super) struct Rows {
    /// In sets that are executed one after the other.
    pub(super) enrol: Vec<Vec<Group<Terms>>>,
    pub(super) earn: Vec<(usize, BadgeId, CustomerId, Terms)>,
    pub(super) revoke: Vec<RevokeRow>,
    /// The enrolments that rows name.
    pub(super) enrolments: HashMap<usize, EnrolmentId>,
    pub(super) earns: Vec<RevokeEarnRow>,
    pub(super) imports: Vec<ImportedRow>,
}

impl Rows {
    /// `rows`, whose `customers` are these; without those that have none.
    pub(super) fn sorted(rows: Vec<JobRow>, customers: &[Option<CustomerId>]) -> Self {
        let mut sorted = Self::default();
        let rows = rows.into_iter().enumerate();
        let enrol = rows.filter_map(|(position, row)| {
            let customer = customers.get(position).copied().flatten()?;
            match row.action.ok()? {
                RowAction::Enrol {
                    badge,
                    event_on,
                    triggered_by,
                    ..
                } => Some((position, badge, customer, (event_on, triggered_by))),
                action => {
                    sorted.add(position, customer, action);
                    None
                }
            }
        });
        let enrol = by_customer(enrol);
        Self { enrol, ..sorted }
    }

    fn add(&mut self, position: usize, customer: CustomerId, action: RowAction) {
        match action {
            RowAction::Earn {
                badge,
                event_on,
                triggered_by,
                ..
            } => (self.earn).push((position, badge, customer, (event_on, triggered_by))),
            RowAction::RevokeEnrolments {
                badge,
                enrolment,
                reason,
                ..
            } => {
                self.enrolments.extend(enrolment.map(|it| (position, it)));
                let terms = (enrolment.is_some(), reason);
                self.revoke.push((position, badge, customer, terms));
            }
            RowAction::RevokeEarn {
                badge,
                earned,
                reason,
                ..
            } => {
                let terms = (earned, reason);
                self.earns.push((position, badge, customer, terms));
            }
            RowAction::Import(row) => {
                let customer = customer.into();
                self.imports.push((position, ImportRow { customer, ..row }));
            }
            RowAction::Enrol { .. } | RowAction::Customer(_) => {}
        }
    }
}

/// When criteria were fulfilled, as a row says it.
pub(super) const fn event_date(on: Option<Instant>) -> EventDate {
    EventDate {
        on,
        field: "eventDate",
    }
}

fn customers_of<T>(group: &Group<T>) -> Vec<CustomerId> {
    group
        .members
        .iter()
        .map(|(_, customer)| *customer)
        .collect()
}

/// How `action` names its customer.
const fn named(action: &RowAction) -> Option<&NamedCustomer> {
    match action {
        RowAction::Enrol { customer, .. }
        | RowAction::Earn { customer, .. }
        | RowAction::RevokeEnrolments { customer, .. }
        | RowAction::RevokeEarn { customer, .. } => Some(customer),
        RowAction::Import(row) => Some(&row.customer),
        RowAction::Customer(_) => None,
    }
}

impl JobRow {
    /// The number by which it names its customer.
    pub(super) fn number(&self) -> Option<CustomerId> {
        match named(self.action.as_ref().ok()?)? {
            NamedCustomer::Number(customer) => Some(*customer),
            NamedCustomer::Identifier(..) => None,
        }
    }
}

fn identifier(action: Option<&RowAction>) -> Option<(IdentifierKind, &str)> {
    match named(action?)? {
        NamedCustomer::Number(_) => None,
        NamedCustomer::Identifier(kind, text) => Some((*kind, text)),
    }
}

/// What becomes of a row whose request was refused as a whole.
pub(super) fn refused(rejections: &[Rejection]) -> Result<RowOutcome, StoreError> {
    let first = rejections.first().ok_or_else(without_outcome)?;
    Ok(RowOutcome::Refused(None, Box::new(first.clone())))
}

/// Whom an outcome is of, if it says so, and the outcome.
type Told = (Option<CustomerId>, RowOutcome);

/// What `answer` says of the request's customers, in their order.
fn outcomes(answer: Answer) -> Result<Vec<Told>, StoreError> {
    Ok(match answer {
        Answer::Enrolment(answer) => (answer.outcomes.into_iter())
            .map(|it| {
                let outcome = match it.outcome {
                    Outcome::Enrolled(id) => RowOutcome::Succeeded(Some(id.0)),
                    Outcome::WouldEnrol => RowOutcome::Succeeded(None),
                    Outcome::AlreadyEnrolled(id) => already_enrolled(id),
                };
                (Some(it.customer), outcome)
            })
            .collect(),
        Answer::Earned(answer) => (answer.outcomes.into_iter())
            .map(|it| {
                let outcome = match it.outcome {
                    EarnOutcome::Earned(id, _) => RowOutcome::Succeeded(Some(id.0)),
                    EarnOutcome::WouldEarn(_) => RowOutcome::Succeeded(None),
                    EarnOutcome::Refused(rejection) => RowOutcome::Refused(None, rejection.into()),
                };
                (Some(it.customer), outcome)
            })
            .collect(),
        Answer::Imported { outcomes, .. } => {
            let told = outcomes.into_iter().map(|it| match it {
                Imported::Recorded {
                    customer, earned, ..
                } => Ok((Some(customer), RowOutcome::Succeeded(Some(earned.0)))),
                Imported::Refused(rejections) => Ok((None, refused(&rejections)?)),
                Imported::Forgotten => Ok((None, gone())),
            });
            told.collect::<Result<_, StoreError>>()?
        }
        Answer::EnrolmentsRevoked { outcomes, .. } => (outcomes.into_iter())
            .map(|it| {
                let outcome = match it.refused {
                    Some(rejection) => RowOutcome::Refused(None, rejection.into()),
                    None => RowOutcome::Succeeded(it.enrolment.map(|it| it.0)),
                };
                (Some(it.customer), outcome)
            })
            .collect(),
        _ => return Err(without_outcome()),
    })
}

/// 1040, with the enrolment that stands in the way.
pub(super) fn already_enrolled(id: EnrolmentId) -> RowOutcome {
    RowOutcome::Refused(Some(id.0), Rejection::new(Code::ActiveIssueExists).into())
}

/// What becomes of the row of a customer whom the answer does not have any more.
pub(super) fn gone() -> RowOutcome {
    let message = "The customer was erased, or merged into another one of the file, while the job was \
                   carried out.";
    let rejection = Rejection::new(Code::NotFound).with_message(message);
    RowOutcome::Refused(None, rejection.into())
}
