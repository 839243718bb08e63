//! A chunk that is only tried: each row is judged as if those before it had been carried out, and nothing
//! is recorded.
//!
//! What is recorded is judged by the use cases, which try a request out against what there is. What the
//! rows before it would have changed is laid over that: the holds of enrolments that were tried, how often
//! customers and badges earned, what was revoked, and who was called what. It is remembered in the store
//! under keys, read for the customers of one chunk at a time, and kept with the chunk's outcomes: so a
//! trial needs no more memory than a chunk has rows, no transaction that lasts, and goes on after a crash
//! where it was.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use accolade_domain::earning::{Limit, Scope, Span};
use accolade_domain::enrolment::{Enrolment, Hold, Outcome, to_revoke};
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId, EnrolmentId};
use accolade_domain::instant::Instant;
use accolade_domain::job::RowOutcome;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::Name;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::directory::Holders;
use super::plan::{Group, by_customer, in_order};
use super::requests::{
    RevokeEarnRow, Rows, Terms, already_enrolled, gone, refused, without_outcome,
};
use super::{Chunk, RunError};
use crate::answer::{Answer, EarnOutcome, Imported, RevokedEnrolment};
use crate::badges::not_found;
use crate::customers::{NamedCustomer, NamedCustomers};
use crate::earning::{EarnBadge, Earners, ImportCustomerBadges, RevokeEarn};
use crate::enrolment::{EnrolCustomers, RevokeEnrolments, WhichEnrolments};
use crate::error::UseCaseError;
use crate::execute::{Command, execute};
use crate::group_commit::{DecidedBy, GroupCommit as _, Subjects};
use crate::ports::{
    DirectoryEntry, EarnRequest, IdentifierKind, Identifiers, Ports, RevokeEarnRequest, StoreError,
    StoredJob, TriedEarns, VersionedBadge,
};
use crate::request::{self, Request};

/// What the rows that were tried before would have changed.
pub(super) struct Tried<'j> {
    ports: &'j Ports,
    stored: &'j StoredJob,
    /// What was read, and what has changed since.
    values: HashMap<String, Option<String>>,
    changed: BTreeMap<String, String>,
}

impl<'j> Tried<'j> {
    pub(super) fn new(ports: &'j Ports, stored: &'j StoredJob) -> Self {
        Self {
            ports,
            stored,
            values: HashMap::new(),
            changed: BTreeMap::new(),
        }
    }

    /// What has changed, to be kept.
    pub(super) fn into_changed(self) -> Vec<(String, String)> {
        self.changed.into_iter().collect()
    }

    /// Reads what is remembered under `keys`, in one call.
    fn read(&mut self, keys: impl IntoIterator<Item = String>) -> Result<(), StoreError> {
        let mut missing: Vec<_> = keys.into_iter().collect();
        missing.retain(|key| !self.values.contains_key(key));
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            return Ok(());
        }
        let job = &self.stored.job;
        let found = self.ports.stores.jobs.tried(job.org, &job.id, &missing)?;
        self.values.extend(missing.into_iter().zip(found));
        Ok(())
    }

    /// What was read under `key`.
    fn get<T: DeserializeOwned + Default>(&self, key: &str) -> Result<T, StoreError> {
        match self.values.get(key) {
            Some(Some(text)) => {
                serde_json::from_str(text).map_err(|error| StoreError::Unexpected(error.into()))
            }
            _ => Ok(T::default()),
        }
    }

    fn set(&mut self, key: String, value: &impl Serialize) -> Result<(), StoreError> {
        let text =
            serde_json::to_string(value).map_err(|error| StoreError::Unexpected(error.into()))?;
        self.changed.insert(key.clone(), text.clone());
        self.values.insert(key, Some(text));
        Ok(())
    }
}

/// The holds that were tried of a customer.
fn holds(badge: BadgeId, customer: CustomerId) -> String {
    format!("holds/{badge}/{customer}")
}

/// How often a customer earned by what was tried: a number for each way to count.
fn earns(badge: BadgeId, customer: CustomerId) -> String {
    format!("earns/{badge}/{customer}")
}

/// How many earns were tried that count under a limit of the badge.
fn sum(badge: BadgeId, limit: &Limit) -> String {
    format!("sums/{badge}/{}", way(limit))
}

/// In which way a limit counts. Of limits that count in one way there is one sum. What is tried is
/// recorded now and never revoked, so a rolling window counts it like all time.
fn way(limit: &Limit) -> String {
    match limit.span {
        Span::AllTime | Span::Rolling { .. } => String::new(),
        Span::Fixed { window, .. } => {
            let until = window.ends_on.map(Instant::unix_micros);
            let until = until.map_or_else(String::new, |it| it.to_string());
            format!("{}/{until}", window.starts_on.unix_micros())
        }
    }
}

/// The ways in which `limits` count, each once.
fn ways(limits: &[Limit]) -> BTreeSet<String> {
    limits.iter().map(way).collect()
}

/// Which of a customer's enrolments were revoked by what was tried.
fn revocations(badge: BadgeId, customer: CustomerId) -> String {
    format!("revocations/{badge}/{customer}")
}

/// Whether an earned badge was revoked by what was tried.
fn revoked_earn(earned: EarnedBadgeId) -> String {
    format!("earn-revocations/{earned}")
}

/// All identifiers that a customer has by what was tried.
fn called(customer: CustomerId) -> String {
    format!("called/{customer}")
}

/// Who has an identifier by what was tried, unless it has lost it since.
fn holder(kind: IdentifierKind, text: &str) -> String {
    format!("holders/{}/{text}", kind.name())
}

/// How many earns were tried, for each way to count.
type Counts = BTreeMap<String, u64>;

/// What becomes of a request that is tried.
type Attempt = Result<Answer, Vec<Rejection>>;

impl Chunk<'_> {
    /// Tries what the rows ask for.
    ///
    /// # Errors
    /// The store failed.
    pub(super) fn try_out(&mut self, tried: &mut Tried<'_>) -> Result<(), RunError> {
        let planned = self.found()?;
        let customers = self.planned_customers(planned);
        let rows = Rows::sorted(std::mem::take(&mut self.rows), &customers);
        self.try_enrolments(rows.enrol, tried)?;
        self.try_earns(rows.earn, tried)?;
        self.try_revocations(rows.revoke, &rows.enrolments, tried)?;
        self.try_earn_revocations(rows.earns, tried)?;
        self.try_imports(rows.imports)?;
        Ok(())
    }

    fn attempt<C: Command>(&self, command: C) -> Result<Attempt, RunError> {
        let request = Request {
            dry_run: true,
            ..Request::new(self.caller.clone())
        };
        match execute(self.ports, request, command) {
            Ok(executed) => Ok(Ok(executed.into_answer())),
            Err(UseCaseError::Refused(rejections)) => Ok(Err(rejections)),
            Err(UseCaseError::Store(error)) => Err(error.into()),
            Err(error @ (UseCaseError::IdempotencyKeyUsed | UseCaseError::RulesChanged)) => {
                Err(StoreError::Unexpected(error.into()).into())
            }
        }
    }

    /// Tells all members of a group that it is refused.
    fn refuse<T>(&mut self, group: &Group<T>, rejections: &[Rejection]) -> Result<(), RunError> {
        let outcome = refused(rejections)?;
        for (position, _) in &group.members {
            self.outcomes[*position] = Some(outcome.clone());
        }
        Ok(())
    }

    fn try_enrolments(
        &mut self,
        waves: Vec<Vec<Group<Terms>>>,
        tried: &mut Tried<'_>,
    ) -> Result<(), RunError> {
        let groups: Vec<_> = waves.into_iter().flatten().collect();
        tried.read(groups.iter().flat_map(|group| {
            let customers = group.members.iter();
            customers.map(|(_, customer)| holds(group.badge, *customer))
        }))?;
        for group in groups {
            let (event_on, triggered_by) = group.terms.clone();
            let now = self.ports.clock.now();
            let customers = group.members.iter().map(|(_, customer)| *customer);
            let attempt = self.attempt(EnrolCustomers {
                badge: group.badge,
                customers: NamedCustomers::from(customers.collect::<Vec<_>>()),
                request_id: None,
                event_on,
                triggered_by,
                by_hand: None,
            })?;
            let answer = match attempt {
                Ok(Answer::Enrolment(answer)) => answer,
                Ok(_) => return Err(without_outcome().into()),
                Err(rejections) => {
                    self.refuse(&group, &rejections)?;
                    continue;
                }
            };
            let hold = Hold::new(event_on.unwrap_or(now), answer.expires_on);
            let hold = hold.map_err(|rejection| StoreError::Unexpected(rejection.into()))?;
            for ((position, customer), it) in group.members.iter().zip(answer.outcomes) {
                let key = holds(group.badge, *customer);
                let mut before: Vec<Hold> = tried.get(&key)?;
                let outcome = match it.outcome {
                    Outcome::AlreadyEnrolled(id) => already_enrolled(id),
                    _ if before.iter().any(|it| it.overlaps(hold)) => {
                        RowOutcome::Refused(None, Rejection::new(Code::ActiveIssueExists).into())
                    }
                    _ => {
                        before.push(hold);
                        tried.set(key, &before)?;
                        RowOutcome::Succeeded(None)
                    }
                };
                self.outcomes[*position] = Some(outcome);
            }
        }
        Ok(())
    }

    fn try_earns(
        &mut self,
        rows: Vec<(usize, BadgeId, CustomerId, Terms)>,
        tried: &mut Tried<'_>,
    ) -> Result<(), RunError> {
        tried.read(
            rows.iter()
                .map(|(_, badge, customer, _)| earns(*badge, *customer)),
        )?;
        let mut badges: HashMap<BadgeId, Option<VersionedBadge>> = HashMap::new();
        for group in in_order(rows, Clone::clone).into_iter().flatten() {
            let found = match badges.entry(group.badge) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let store = &self.ports.stores.badges;
                    entry.insert(store.find(self.caller.org, group.badge)?)
                }
            };
            let Some(found) = found else {
                let unknown = not_found(group.badge).at_field("badgeMetaId");
                self.refuse(&group, &[unknown])?;
                continue;
            };
            match self.earn_request(&group, found)? {
                Err(rejection) => self.refuse(&group, &[rejection])?,
                Ok(request) => self.try_earn(&group, &request, tried)?,
            }
        }
        Ok(())
    }

    /// The request that a group to earn would be, by the badge.
    fn earn_request(
        &self,
        group: &Group<Terms>,
        found: &VersionedBadge,
    ) -> Result<Result<EarnRequest, Rejection>, RunError> {
        let (on, triggered_by) = group.terms.clone();
        let unnamed = request::id_or_new(self.ports, None);
        let request_id = unnamed.map_err(|_| without_outcome())?;
        let command = EarnBadge {
            badge: group.badge,
            earners: Earners::Several(NamedCustomers::default()),
            request_id: request_id.clone(),
            event: super::requests::event_date(on),
            triggered_by,
            by_hand: None,
        };
        let len = u32::try_from(group.members.len());
        let len = len.map_err(|error| StoreError::Unexpected(error.into()))?;
        let subjects = Subjects {
            request_id,
            customers: group
                .members
                .iter()
                .map(|(_, customer)| *customer)
                .collect(),
            unknown: Vec::new(),
            ids: self.ports.ids.block(len),
        };
        let request = Request::new(self.caller.clone());
        let by = DecidedBy {
            request: &request,
            found,
            now: self.ports.clock.now(),
        };
        Ok(command
            .decide(by, subjects)
            .map_err(|refused| refused.rejection))
    }

    fn try_earn(
        &mut self,
        group: &Group<Terms>,
        request: &EarnRequest,
        tried: &mut Tried<'_>,
    ) -> Result<(), RunError> {
        let of_scope = |scope| -> Vec<Limit> {
            let limits = request.limits.iter().copied();
            limits.filter(|limit| limit.scope == scope).collect()
        };
        let (own, shared) = (of_scope(Scope::Customer), of_scope(Scope::Badge));
        tried.read(shared.iter().map(|limit| sum(group.badge, limit)))?;
        let mut before = TriedEarns::default();
        for limit in &shared {
            before.badge.push(tried.get(&sum(group.badge, limit))?);
        }
        for (_, customer) in &group.members {
            let counts: Counts = tried.get(&earns(group.badge, *customer))?;
            let count = |limit| counts.get(&way(limit)).copied().unwrap_or(0);
            before.customers.push(own.iter().map(count).collect());
        }
        let outcomes = self.ports.stores.earning.preview_after(request, &before)?;
        let mut earned = 0_u64;
        for ((position, customer), it) in group.members.iter().zip(outcomes) {
            let outcome = match it.outcome {
                EarnOutcome::Refused(rejection) => RowOutcome::Refused(None, rejection.into()),
                EarnOutcome::Earned(..) | EarnOutcome::WouldEarn(_) => {
                    earned += 1;
                    if !own.is_empty() {
                        let key = earns(group.badge, *customer);
                        let mut counts: Counts = tried.get(&key)?;
                        for way in ways(&own) {
                            *counts.entry(way).or_default() += 1;
                        }
                        tried.set(key, &counts)?;
                    }
                    RowOutcome::Succeeded(None)
                }
            };
            self.outcomes[*position] = Some(outcome);
        }
        let keys: BTreeSet<_> = shared.iter().map(|limit| sum(group.badge, limit)).collect();
        for key in keys {
            let count = tried.get::<u64>(&key)? + earned;
            tried.set(key, &count)?;
        }
        Ok(())
    }

    fn try_revocations(
        &mut self,
        rows: Vec<super::requests::RevokeRow>,
        enrolments: &HashMap<usize, EnrolmentId>,
        tried: &mut Tried<'_>,
    ) -> Result<(), RunError> {
        tried.read(
            rows.iter()
                .map(|(_, badge, customer, _)| revocations(*badge, *customer)),
        )?;
        for group in by_customer(rows).into_iter().flatten() {
            let (is_named, reason) = group.terms.clone();
            let members = group.members.iter();
            let which = if is_named {
                let named = members.filter_map(|(row, customer)| {
                    Some((NamedCustomer::from(*customer), *enrolments.get(row)?))
                });
                WhichEnrolments::Named(named.collect())
            } else {
                let customers: Vec<_> = members.map(|(_, customer)| *customer).collect();
                WhichEnrolments::AllOf(customers.into())
            };
            let attempt = self.attempt(RevokeEnrolments {
                badge: group.badge,
                which,
                request_id: None,
                reason,
            })?;
            let outcomes = match attempt {
                Ok(Answer::EnrolmentsRevoked { outcomes, .. }) => outcomes,
                Ok(_) => return Err(without_outcome().into()),
                Err(rejections) => {
                    self.refuse(&group, &rejections)?;
                    continue;
                }
            };
            let mut left = outcomes.as_slice();
            for (position, customer) in &group.members {
                let is_own = |it: &&RevokedEnrolment| it.customer == *customer;
                let (own, rest) = left.split_at(left.iter().take_while(is_own).count());
                left = rest;
                let named = enrolments.get(position).copied();
                let key = revocations(group.badge, *customer);
                let outcome = try_revocation(own, named, &key, tried)?;
                self.outcomes[*position] = Some(outcome);
            }
        }
        Ok(())
    }

    fn try_earn_revocations(
        &mut self,
        rows: Vec<RevokeEarnRow>,
        tried: &mut Tried<'_>,
    ) -> Result<(), RunError> {
        tried.read(rows.iter().map(|(.., (earned, _))| revoked_earn(*earned)))?;
        for (position, badge, customer, (earned, reason)) in rows {
            let key = revoked_earn(earned);
            let command = RevokeEarn {
                badge,
                customer: customer.into(),
                earned,
                request_id: None,
                reason,
            };
            let outcome = match self.attempt(command)? {
                Err(rejections) => refused(&rejections)?,
                Ok(_) if tried.get::<bool>(&key)? => {
                    RowOutcome::Refused(None, RevokeEarnRequest::none_active().into())
                }
                Ok(Answer::EarnRevoked { earned, .. }) => {
                    tried.set(key, &true)?;
                    RowOutcome::Succeeded(Some(earned.0))
                }
                Ok(_) => return Err(without_outcome().into()),
            };
            self.outcomes[position] = Some(outcome);
        }
        Ok(())
    }

    /// Imports change nothing that others are judged by.
    fn try_imports(&mut self, rows: Vec<super::requests::ImportedRow>) -> Result<(), RunError> {
        if rows.is_empty() {
            return Ok(());
        }
        let (positions, rows): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let attempt = self.attempt(ImportCustomerBadges {
            rows: rows.into_iter().map(Ok).collect(),
            request_id: None,
        })?;
        let Ok(Answer::Imported { outcomes, .. }) = attempt else {
            return Err(without_outcome().into());
        };
        for (position, it) in positions.into_iter().zip(outcomes) {
            self.outcomes[position] = Some(match it {
                Imported::Refused(rejections) => refused(&rejections)?,
                Imported::Recorded { .. } => RowOutcome::Succeeded(None),
                Imported::Forgotten => gone(),
            });
        }
        Ok(())
    }

    /// Tries the identifiers that rows have: as they are written, but by what was tried too.
    ///
    /// # Errors
    /// The store failed.
    pub(super) fn try_customers(&mut self, tried: &mut Tried<'_>) -> Result<(), RunError> {
        let entries = self.entries()?;
        let mut holders = self.tried_holders(&entries, tried)?;
        for (position, entry) in entries.iter().enumerate() {
            let Some(entry) = entry else {
                continue;
            };
            let outcome = if let Err(rejection) = holders.replace(entry) {
                RowOutcome::Refused(None, rejection.into())
            } else {
                remember_called(entry, tried)?;
                RowOutcome::Succeeded(None)
            };
            self.outcomes[position] = Some(outcome);
        }
        Ok(())
    }

    /// Who has the identifiers of `entries`, and what their customers have, by what was tried.
    fn tried_holders(
        &self,
        entries: &[Option<DirectoryEntry>],
        tried: &mut Tried<'_>,
    ) -> Result<Holders, StoreError> {
        let recorded = self.holders(entries)?;
        let texts = || {
            let identifiers = entries.iter().flatten();
            identifiers.flat_map(|entry| entry.identifiers.iter())
        };
        tried.read(texts().map(|(kind, text)| holder(kind, text.as_str())))?;
        let mut people: Vec<CustomerId> = recorded.customers().collect();
        people.extend(entries.iter().flatten().map(|entry| entry.customer));
        for (kind, text) in texts() {
            let customer: Option<CustomerId> = tried.get(&holder(kind, text.as_str()))?;
            people.extend(customer);
        }
        tried.read(people.iter().map(|customer| called(*customer)))?;
        let mut holders = Holders::default();
        for (customer, kind, text) in recorded.iter() {
            let is_replaced = tried.get::<Option<Called>>(&called(customer))?.is_some();
            if !is_replaced {
                holders.take(customer, kind, text);
            }
        }
        for customer in people {
            if let Some(names) = tried.get::<Option<Called>>(&called(customer))? {
                for (kind, text) in names.identifiers().iter() {
                    holders.take(customer, kind, text.as_str());
                }
            }
        }
        Ok(holders)
    }
}

/// What becomes of a row that revokes, if a customer's enrolments `own` would be revoked by what is
/// recorded alone; notes under `key` which are.
fn try_revocation(
    own: &[RevokedEnrolment],
    named: Option<EnrolmentId>,
    key: &str,
    tried: &mut Tried<'_>,
) -> Result<RowOutcome, StoreError> {
    if let Some(rejection) = own.iter().find_map(|it| it.refused.clone()) {
        return Ok(RowOutcome::Refused(None, rejection.into()));
    }
    let mut before: Vec<EnrolmentId> = tried.get(key)?;
    let all: Vec<_> = own.iter().filter_map(|it| it.enrolment).collect();
    let new: Vec<_> = all
        .iter()
        .filter(|it| !before.contains(it))
        .copied()
        .collect();
    let Some(first) = new.first() else {
        // As it would be said of enrolments that were revoked.
        let always = Hold::new(Instant::MIN, Instant::MAX);
        let always = always.map_err(|rejection| StoreError::Unexpected(rejection.into()))?;
        let revoked = all.iter().map(|id| Enrolment {
            id: *id,
            hold: always,
            revoked_on: Some(Instant::MIN),
        });
        let revoked: Vec<_> = revoked.collect();
        return match to_revoke(&revoked, named) {
            Err(rejection) => Ok(RowOutcome::Refused(None, rejection.into())),
            Ok(_) => Err(without_outcome()),
        };
    };
    let first = first.0;
    before.extend(new);
    tried.set(key.to_owned(), &before)?;
    Ok(RowOutcome::Succeeded(Some(first)))
}

/// What a customer is called, as it is remembered.
#[derive(Serialize, Deserialize)]
struct Called(Vec<(usize, String)>);

impl Called {
    fn new(identifiers: &Identifiers) -> Self {
        let kinds = IdentifierKind::ALL.iter().enumerate();
        let all = kinds.filter_map(|(place, kind)| {
            let text = identifiers.get(*kind)?;
            Some((place, text.as_str().to_owned()))
        });
        Self(all.collect())
    }

    fn identifiers(self) -> Identifiers {
        let mut identifiers = Identifiers::default();
        for (place, text) in self.0 {
            let name = Some(Name::from_stored(text));
            match IdentifierKind::ALL.get(place) {
                Some(IdentifierKind::Email) => identifiers.email = name,
                Some(IdentifierKind::Mobile) => identifiers.mobile = name,
                Some(IdentifierKind::ExternalId) => identifiers.external_id = name,
                Some(IdentifierKind::CardNumber) => identifiers.card_number = name,
                None => {}
            }
        }
        identifiers
    }
}

fn remember_called(entry: &DirectoryEntry, tried: &mut Tried<'_>) -> Result<(), StoreError> {
    for (kind, text) in entry.identifiers.iter() {
        tried.set(holder(kind, text.as_str()), &Some(entry.customer))?;
    }
    tried.set(
        called(entry.customer),
        &Some(Called::new(&entry.identifiers)),
    )
}
