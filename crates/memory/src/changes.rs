//! Rules for approval, and what waits by them.

use std::collections::BTreeSet;

use accolade_application::approvals::{Subject, change_pending};
use accolade_application::ports::{
    ChangeCursor, ChangePage, ChangeQuery, ChangeStore, NewChange, Page, PutRules, PutRulesError,
    RecordError, RecordedRequest, RequestQuery, RequestSort, RulesVersion, SaveChange,
    SaveChangeError, StoreError, StoredChange, SubmitError, VersionedRules,
};
use accolade_domain::approval::{ChangeId, ChangeState};
use accolade_domain::event::{ChangeFact, Fact};
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_domain::listing::SortOrder;
use accolade_domain::people::Person;

use crate::MemoryStore;
use crate::filter;
use crate::store::State;

impl ChangeStore for MemoryStore {
    fn rules(&self, org: OrgId) -> Result<VersionedRules, StoreError> {
        let state = self.begin();
        Ok(VersionedRules {
            has_subjects: state.subjects.keys().any(|(of, _)| *of == org),
            ..state.rules.get(&org).cloned().unwrap_or_default()
        })
    }

    fn put_rules(&self, put: &PutRules) -> Result<RulesVersion, PutRulesError> {
        let mut state = self.begin();
        if (put.idempotency.as_ref()).is_some_and(|it| state.is_key_used(&it.guard)) {
            return Err(PutRulesError::IdempotencyKeyUsed);
        }
        let current = state.rules.entry(put.org).or_default();
        if current.version != put.before {
            return Err(PutRulesError::Changed);
        }
        let version = RulesVersion(put.before.0 + 1);
        *current = VersionedRules {
            rules: put.rules.clone(),
            version,
            ..VersionedRules::default()
        };
        state.tell(put.entries.iter().cloned());
        if let Some(record) = &put.idempotency {
            state.remember(record.clone());
        }
        Ok(version)
    }

    fn submit(&self, new: &NewChange) -> Result<(), SubmitError> {
        let mut state = self.begin();
        if (new.idempotency.as_ref()).is_some_and(|it| state.is_key_used(&it.guard)) {
            return Err(SubmitError::IdempotencyKeyUsed);
        }
        let change = &new.stored.change;
        let (org, now) = (change.org, change.created_on);
        if new.subjects.iter().any(|it| state.is_pending(org, it, now)) {
            return Err(SubmitError::Pending);
        }
        for subject in &new.subjects {
            let taken = (change.id, change.expires_on);
            state.subjects.insert((org, subject.clone()), taken);
        }
        state.changes.insert((org, change.id), new.stored.clone());
        state.tell(new.entries.iter().cloned());
        state.happened(org, now, Fact::Change(ChangeFact::of(change, None)));
        if let Some(record) = &new.idempotency {
            state.remember(record.clone());
        }
        Ok(())
    }

    fn is_pending(&self, org: OrgId, subject: &Subject, now: Instant) -> Result<bool, StoreError> {
        Ok(self.begin().is_pending(org, subject, now))
    }

    fn change(&self, org: OrgId, change: ChangeId) -> Result<Option<StoredChange>, StoreError> {
        Ok(self.begin().changes.get(&(org, change)).cloned())
    }

    fn lock_change(
        &self,
        org: OrgId,
        change: ChangeId,
    ) -> Result<Option<StoredChange>, StoreError> {
        // Whoever does something together has everything.
        self.change(org, change)
    }

    fn save_change(&self, save: &SaveChange) -> Result<(), SaveChangeError> {
        let mut state = self.begin();
        if (save.idempotency.as_ref()).is_some_and(|it| state.is_key_used(&it.guard)) {
            return Err(SaveChangeError::IdempotencyKeyUsed);
        }
        let (org, id) = (save.after.change.org, save.after.change.id);
        let found = state.changes.get_mut(&(org, id));
        let Some(stored) = found.filter(|it| it.version == save.after.version) else {
            return Err(SaveChangeError::Changed);
        };
        let (before, after) = (&mut stored.change, &save.after.change);
        before.state = after.state;
        before.votes.clone_from(&after.votes);
        before.ended_on = after.ended_on;
        stored.result.clone_from(&save.after.result);
        stored.version += 1;
        if after.state != ChangeState::Pending {
            state.subjects.retain(|_, (change, _)| *change != id);
        }
        state.tell(save.entries.iter().cloned());
        if let Some(fact) = &save.told {
            state.happened(org, save.now, Fact::Change(fact.clone()));
        }
        if let Some(record) = &save.idempotency {
            state.remember(record.clone());
        }
        Ok(())
    }

    fn changes(&self, org: OrgId, query: &ChangeQuery) -> Result<ChangePage, StoreError> {
        let state = self.begin();
        let place = |it: &StoredChange| ChangeCursor {
            created_on: it.change.created_on,
            change: it.change.id,
        };
        let mut found: Vec<_> = (state.changes_of(org))
            .filter(|it| is_any_of(&query.states, &it.change.state_at(query.now)))
            .filter(|it| is_any_of(&query.operations, &it.change.operation))
            .filter(|it| query.after.is_none_or(|after| place(it) < after))
            .collect();
        found.sort_by_key(|it| std::cmp::Reverse(place(it)));
        let has_more = found.len() > query.limit as usize;
        found.truncate(query.limit as usize);
        Ok(ChangePage {
            next: found.last().filter(|_| has_more).map(|it| place(it)),
            changes: found.into_iter().cloned().collect(),
        })
    }

    fn requests(&self, org: OrgId, query: &RequestQuery) -> Result<Page<StoredChange>, StoreError> {
        let state = self.begin();
        let mut found: Vec<_> = (state.changes_of(org))
            .filter(|it| is_any_of(&query.states, &it.change.state_at(query.now)))
            .filter(|it| query.operations.contains(&it.change.operation))
            .filter(|it| query.maker.is_none_or(|maker| it.change.maker == maker))
            .filter(|it| query.from.is_none_or(|from| from <= it.change.created_on))
            .filter(|it| query.to.is_none_or(|to| it.change.created_on < to))
            .collect();
        found.sort_by_key(|it| {
            let change = &it.change;
            let on = match query.sort {
                RequestSort::Started => change.created_on,
                RequestSort::Ended => {
                    let ended = change.clone().at(query.now).ended_on;
                    ended.unwrap_or(Instant::MAX)
                }
            };
            (on, change.id)
        });
        if query.order == SortOrder::Descending {
            found.reverse();
        }
        let Page { items, total } = filter::cut(found, query.page);
        Ok(Page {
            items: items.into_iter().cloned().collect(),
            total,
        })
    }

    fn overdue_changes(&self, now: Instant, limit: u32) -> Result<Vec<StoredChange>, StoreError> {
        let state = self.begin();
        let is_overdue = |it: &&StoredChange| it.change.expired(now).is_some();
        let mut found: Vec<_> = state.changes.values().filter(is_overdue).cloned().collect();
        found.sort_by_key(|it| it.change.expires_on);
        found.truncate(limit as usize);
        Ok(found)
    }
}

/// Whether `it` is among `wanted`, or any will do.
fn is_any_of<T: PartialEq>(wanted: &[T], it: &T) -> bool {
    wanted.is_empty() || wanted.contains(it)
}

impl State {
    fn changes_of(&self, org: OrgId) -> impl Iterator<Item = &StoredChange> {
        let of_org = self.changes.iter().filter(move |it| it.0.0 == org);
        of_org.map(|(_, stored)| stored)
    }

    fn is_pending(&self, org: OrgId, subject: &Subject, now: Instant) -> bool {
        let taken = self.subjects.get(&(org, subject.clone()));
        taken.is_some_and(|(_, expires_on)| *expires_on > now)
    }

    /// Refuses what was let through by other rules than there are, or though a change of the same waits.
    pub(crate) fn check_rules(&self, request: &impl RecordedRequest) -> Result<(), RecordError> {
        let Some(by) = request.context().rules else {
            return Ok(());
        };
        let (org, now) = (request.context().org, request.context().now);
        let rules = self
            .rules
            .get(&org)
            .map_or(RulesVersion::default(), |it| it.version);
        if by != rules {
            return Err(RecordError::RulesChanged);
        }
        let subject = (request.request_id()).map(|id| Subject::request(request.operation(), id));
        if subject.is_some_and(|it| self.is_pending(org, &it, now)) {
            return Err(RecordError::Refused(change_pending()));
        }
        Ok(())
    }

    /// Takes `person` out of what waits, or waited, for approval; whether she was named, and which changes were
    /// about her alone.
    pub(crate) fn forget_in_changes(
        &mut self,
        org: OrgId,
        person: &Person,
    ) -> (bool, BTreeSet<ChangeId>) {
        let mut is_any = false;
        let mut hers_alone = BTreeSet::new();
        for (_, stored) in self.changes.iter_mut().filter(|it| it.0.0 == org) {
            if let Some(left) = stored.command.as_ref().and_then(|it| it.without(person)) {
                stored.command = left;
                is_any = true;
                if stored.command.is_none() {
                    hers_alone.insert(stored.change.id);
                    stored
                        .change
                        .votes
                        .iter_mut()
                        .for_each(|it| it.comment = None);
                }
            }
            for effect in [&mut stored.then, &mut stored.result] {
                if let Some(left) = effect.as_ref().and_then(|it| it.without(person)) {
                    *effect = Some(left);
                    is_any = true;
                }
            }
        }
        self.subjects
            .retain(|_, (change, _)| !hers_alone.contains(change));
        (is_any, hers_alone)
    }
}
