//! People: customers who become one, and customers who are forgotten.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use accolade_application::answer::Answer;
use accolade_application::ports::{
    EnrolmentRecord, EraseRequest, IdempotencyRecord, IdentifierKind, MergeError, MergeRequest,
    People, RecordError, StoreError,
};
use accolade_domain::audit::{Entity, telling};
use accolade_domain::enrolment::Enrolment;
use accolade_domain::event::{EnrolmentFact, Fact};
use accolade_domain::ids::{BadgeId, CustomerId, EnrolmentId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::people::{Merged, Merging, Person, Whose, giving_way, in_order};
use accolade_domain::text::Reason;

use crate::MemoryStore;
use crate::earning::REFUSALS;
use crate::store::{ByCustomer, State};

impl People for MemoryStore {
    fn merge(&self, request: &MergeRequest) -> Result<(CustomerId, CustomerId), MergeError> {
        let mut state = self.begin();
        if (request.key.as_ref()).is_some_and(|guard| state.is_key_used(guard)) {
            return Err(MergeError::IdempotencyKeyUsed);
        }
        let merged: Vec<_> = state.merged_in(request.org).copied().collect();
        let both = match Merging::decide(request.from, request.to, &merged) {
            Merging::OnePerson => return Err(MergeError::OnePerson),
            Merging::Done { from, to } => (from, to),
            Merging::Of { from, to } => {
                state.merge(request, (from, to));
                (from, to)
            }
        };
        if let Some(record) = request.record(both) {
            state.remember(record);
        }
        Ok(both)
    }

    fn erase(&self, request: &EraseRequest) -> Result<CustomerId, StoreError> {
        let mut state = self.begin();
        let customer = state.current(request.org, request.customer);
        if state.erase(request, customer) {
            let entry = telling::customer_erased(request.org, customer, &request.by);
            state.tell([entry]);
            let fact = Fact::CustomerErased { customer };
            state.happened(request.org, request.by.on, fact);
        }
        Ok(customer)
    }

    fn successors(
        &self,
        org: OrgId,
        customers: &[CustomerId],
    ) -> Result<BTreeMap<CustomerId, CustomerId>, StoreError> {
        let state = self.begin();
        let successor = |customer: &CustomerId| {
            let merged = state.merged.get(&(org, *customer))?;
            Some((*customer, merged.successor))
        };
        Ok(customers.iter().filter_map(successor).collect())
    }
}

impl State {
    fn merged_in(&self, org: OrgId) -> impl Iterator<Item = &Merged> {
        let of_org = self.merged.iter().filter(move |((of, _), _)| *of == org);
        of_org.map(|(_, merged)| merged)
    }

    /// Whom this number stands for now.
    pub(crate) fn current(&self, org: OrgId, customer: CustomerId) -> CustomerId {
        let merged = self.merged.get(&(org, customer));
        merged.map_or(customer, |it| it.successor)
    }

    /// Every number of the customer, by whichever it is named; none if nobody is.
    pub(crate) fn numbers_of(
        &self,
        org: OrgId,
        customer: Option<CustomerId>,
    ) -> BTreeSet<CustomerId> {
        let Some(customer) = customer else {
            return BTreeSet::new();
        };
        let current = self.current(org, customer);
        let merged = self.merged_in(org).filter(|it| it.successor == current);
        let merged = merged.map(|it| it.customer);
        merged.chain([current]).collect()
    }

    /// Refuses customers who were merged into others.
    pub(crate) fn check_merged<'a>(
        &self,
        org: OrgId,
        customers: impl IntoIterator<Item = &'a CustomerId>,
    ) -> Result<(), RecordError> {
        let mut customers = customers.into_iter();
        if customers.any(|customer| self.merged.contains_key(&(org, *customer))) {
            return Err(RecordError::CustomersMerged);
        }
        Ok(())
    }

    /// Makes everything of the first the second's.
    fn merge(&mut self, request: &MergeRequest, both: (CustomerId, CustomerId)) {
        let (org, (from, to)) = (request.org, both);
        for it in self.merged.values_mut().filter(|it| it.successor == from) {
            it.successor = to;
        }
        let merged = Merged {
            customer: from,
            into: to,
            successor: to,
        };
        self.merged.insert((org, from), merged);
        let kinds = self.merge_identifiers(org, both);
        let reason = request.reason.as_ref();
        let entry = telling::customers_merged(org, both, &kinds, reason, &request.by);
        self.tell([entry]);
        self.happened(org, request.by.on, Fact::CustomerMerged { from, to });
        for badge in badges_of(&self.enrolments, org, from) {
            let moved = self.merge_enrolments(request, badge, both);
            for it in self.earns.values_mut().flatten() {
                let moved = it.earned.enrolment.and_then(|id| moved.get(&id));
                it.earned.enrolment = moved.copied().or(it.earned.enrolment);
            }
        }
        for badge in badges_of(&self.earns, org, from) {
            let all = united(&mut self.earns, (org, badge), both, |it| {
                it.earned.earned_on
            });
            self.earns.insert((org, badge, to), all);
        }
        for badge in badges_of(&self.refusals, org, from) {
            let mut all = united(&mut self.refusals, (org, badge), both, |it| it.refused_on);
            all.drain(..all.len().saturating_sub(REFUSALS));
            self.refusals.insert((org, badge, to), all);
        }
    }

    /// The second keeps its own identifiers, and gets those of other kinds: gives these kinds.
    fn merge_identifiers(
        &mut self,
        org: OrgId,
        (from, to): (CustomerId, CustomerId),
    ) -> Vec<IdentifierKind> {
        let kinds = |customer| -> BTreeSet<IdentifierKind> {
            let own = self.identifiers_of(org, customer);
            own.into_iter().map(|(kind, _)| kind).collect()
        };
        let kinds: Vec<_> = kinds(from).difference(&kinds(to)).copied().collect();
        self.identifiers
            .retain(|(of, kind, _), owner| (*of, *owner) != (org, from) || kinds.contains(kind));
        for ((of, ..), owner) in &mut self.identifiers {
            if (*of, *owner) == (org, from) {
                *owner = to;
            }
        }
        kinds
    }

    /// Of the enrolments for the badge that overlap one is revoked; gives which stays instead of it.
    fn merge_enrolments(
        &mut self,
        request: &MergeRequest,
        badge: BadgeId,
        (from, to): (CustomerId, CustomerId),
    ) -> HashMap<EnrolmentId, EnrolmentId> {
        let org = request.org;
        let of = |whose, customer| -> Vec<(Whose, Enrolment)> {
            let held = self.enrolments_of(org, badge, customer).into_iter();
            held.map(|it| (whose, it)).collect()
        };
        let held = [of(Whose::Second, to), of(Whose::First, from)].concat();
        let instead = giving_way(&held).into_iter().zip(&held);
        let moved: HashMap<_, _> = instead
            .filter_map(|(stays, (_, it))| Some((it.id, held[stays?].1.id)))
            .collect();
        let mut all = united(&mut self.enrolments, (org, badge), (from, to), |it| {
            it.recorded_on
        });
        let mut revoked = Vec::new();
        for record in all
            .iter_mut()
            .filter(|it| moved.contains_key(&it.enrolment.id))
        {
            record.enrolment.revoked_on = Some(request.by.on);
            record.revoked_by = Some(request.by.actor);
            record.revoke_reason = Some(Reason::merged());
            revoked.push(record.clone());
        }
        self.enrolments.insert((org, badge, to), all);
        for record in revoked {
            self.told_gave_way(request, badge, to, record);
        }
        moved
    }

    fn told_gave_way(
        &mut self,
        request: &MergeRequest,
        badge: BadgeId,
        customer: CustomerId,
        record: EnrolmentRecord,
    ) {
        let (org, id, reason) = (request.org, record.enrolment.id, Reason::merged());
        let entry = telling::enrolment_revoked(org, id, Some(&reason), &request.by);
        self.tell([entry]);
        let fact = EnrolmentFact {
            badge,
            customer,
            enrolment: id,
            event_on: record.enrolment.hold.event_on(),
            expires_on: record.enrolment.hold.expires_on(),
            triggered_by: record.triggered_by,
            request_id: None,
            actor: Some(request.by.actor),
            reason: Some(reason),
        };
        self.happened(org, request.by.on, Fact::EnrolmentRevoked(fact));
    }

    /// Forgets the customer and all who were merged into it; whether there was anything.
    fn erase(&mut self, request: &EraseRequest, customer: CustomerId) -> bool {
        let org = request.org;
        let numbers = self.numbers_of(org, Some(customer));
        let identifiers = self.identifiers_of(org, customer).into_iter();
        let identifiers = identifiers.map(|(kind, text)| (kind, text.to_owned()));
        let person = Person::new(numbers.clone(), identifiers.collect(), request.region);
        let mut about: BTreeSet<Entity> = numbers.iter().map(|it| (*it).into()).collect();
        let mut is_any = numbers.len() > 1;
        self.merged
            .retain(|(of, _), it| *of != org || it.successor != customer);
        self.identifiers.retain(|(of, ..), owner| {
            let is_hers = (*of, *owner) == (org, customer);
            is_any |= is_hers;
            !is_hers
        });
        for badge in badges_of(&self.enrolments, org, customer) {
            let records = self.enrolments.remove(&(org, badge, customer));
            for record in records.into_iter().flatten() {
                about.insert(record.enrolment.id.into());
                let counts = record.enrolment.revoked_on.is_none();
                self.forgotten.entry((org, badge)).or_default().issued += usize::from(counts);
                is_any = true;
            }
        }
        for badge in badges_of(&self.earns, org, customer) {
            let records = self.earns.remove(&(org, badge, customer));
            for record in records.into_iter().flatten() {
                about.insert(record.earned.id.into());
                let forgotten = self.forgotten.entry((org, badge)).or_default();
                forgotten.earns.push(record.earned);
                is_any = true;
            }
        }
        for badge in badges_of(&self.refusals, org, customer) {
            self.refusals.remove(&(org, badge, customer));
            is_any = true;
        }
        is_any |= self.forget_answers(org, &person);
        let (is_in_changes, hers_alone) = self.forget_in_changes(org, &person);
        is_any |= is_in_changes;
        about.extend(hers_alone.iter().map(|it| Entity::from(*it)));
        is_any |= self.forget_reasons(org, &about);
        is_any |= self.forget_events(org, &numbers, &hers_alone);
        if is_any {
            self.forget_deliveries(org, &numbers);
        }
        is_any
    }

    /// Takes what answers say of `person` out of them; whether one said something.
    fn forget_answers(&mut self, org: OrgId, person: &Person) -> bool {
        let mut is_any = false;
        let mut forget = |answer: &mut Answer| {
            if let Some(left) = answer.without(person) {
                *answer = left;
                is_any = true;
            }
        };
        let requests = self.requests.iter_mut().filter(|it| it.0.0 == org);
        for entry in requests.flat_map(|it| it.1) {
            forget(&mut entry.answer);
        }
        let kept = self.idempotency.iter_mut().filter(|it| it.0.0 == org);
        for (_, IdempotencyRecord { answer, .. }) in kept {
            forget(answer);
        }
        is_any
    }
}

/// The badges of which the customer has something.
fn badges_of<T>(all: &ByCustomer<T>, org: OrgId, customer: CustomerId) -> Vec<BadgeId> {
    let own = all.keys().filter(|key| (key.0, key.2) == (org, customer));
    own.map(|key| key.1).collect()
}

/// What both customers have of the badge, in the order in which it was recorded: taken away from them.
fn united<T>(
    all: &mut ByCustomer<T>,
    (org, badge): (OrgId, BadgeId),
    (from, to): (CustomerId, CustomerId),
    recorded_on: impl Fn(&T) -> Instant,
) -> Vec<T> {
    let mut both = Vec::new();
    for (whose, customer) in [(Whose::Second, to), (Whose::First, from)] {
        let own = all.remove(&(org, badge, customer)).into_iter().flatten();
        both.extend(own.map(|it| (whose, Some(it))));
    }
    let keys: Vec<_> = (both.iter())
        .filter_map(|(whose, it)| Some((*whose, recorded_on(it.as_ref()?))))
        .collect();
    let order = in_order(&keys).into_iter();
    order.filter_map(|place| both[place].1.take()).collect()
}
