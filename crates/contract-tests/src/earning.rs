//! Short ways to earn: badges with limits, and requests as the domain decides them.

use accolade_application::answer::{CustomerEarn, EarnOutcome, Imported, RevokedEnrolment};
use accolade_application::ports::{
    BadgeEdit, Context, CustomerBadgeDetails, EarnBatch, EarnRequest, IdSource as _, ImportItem,
    ImportRequest, Operation, RecordError, RevokeEarnRequest, RevokeEnrolmentsRequest,
    RevokeTarget,
};
use accolade_domain::badge::constraint::{Constraint, Cycle, FixedWindow, RollingWindow};
use accolade_domain::badge::{Badge, BadgeDefinition, EarnMode};
use accolade_domain::earning::{EarnTerms, Limit, Scope, Span, limits};
pub(crate) use accolade_domain::fixtures::count;
use accolade_domain::ids::{EarnedBadgeId, EnrolmentId};
use accolade_domain::instant::Instant;
use accolade_domain::zone::{CalendarUnit, Zone};
use uuid::Uuid;

use crate::fixtures::{at, customer, customers, now};
use crate::held::all_details;
use crate::{Stores, World};

/// At most so many of all time.
pub(crate) fn in_all(max: i64) -> Constraint {
    Constraint::FixedValue(count(max))
}

/// At most so many in each day; `reference` names the configuration.
pub(crate) fn daily(reference: u128, max: i64) -> Constraint {
    windows(
        reference,
        Cycle::Days {
            refresh_rate: count(1),
        },
        max,
    )
}

/// At most so many in each window.
pub(crate) fn windows(reference: u128, cycle: Cycle, max: i64) -> Constraint {
    Constraint::FixedWindow(FixedWindow {
        reference: Uuid::from_u128(reference),
        cycle,
        max: count(max),
        from: None,
        until: None,
    })
}

/// At most so many in so many units back from now.
pub(crate) fn rolling(unit: CalendarUnit, length: i64, max: i64) -> Constraint {
    Constraint::RollingWindow(vec![RollingWindow {
        unit,
        length: count(length),
        max: count(max),
    }])
}

/// What becomes of these if they are imported.
pub(crate) fn all_imported(items: &[ImportItem]) -> Vec<Imported> {
    let imported = items.iter().map(|item| Imported::Recorded {
        badge: item.badge,
        customer: item.customer,
        earned: item.id,
        expires_on: item.expires_on,
    });
    imported.collect()
}

/// What was asked of an earn, by code; 0 where it was recorded.
pub(crate) fn codes(outcomes: &[CustomerEarn]) -> Vec<u32> {
    let code = |outcome: &CustomerEarn| match &outcome.outcome {
        EarnOutcome::Refused(rejection) => rejection.code.number(),
        EarnOutcome::Earned(..) | EarnOutcome::WouldEarn(_) => 0,
    };
    outcomes.iter().map(code).collect()
}

/// How many of them earned.
pub(crate) fn earned(outcomes: &[CustomerEarn]) -> usize {
    let earns = outcomes.iter().map(|outcome| &outcome.outcome);
    earns
        .filter(|outcome| matches!(outcome, EarnOutcome::Earned(..)))
        .count()
}

/// The id of the only earn.
pub(crate) fn earned_id(outcomes: &[CustomerEarn]) -> EarnedBadgeId {
    match outcomes {
        [
            CustomerEarn {
                outcome: EarnOutcome::Earned(id, _),
                ..
            },
        ] => *id,
        other => panic!("not one earn: {other:?}"),
    }
}

/// Executes a request, by way of `stores`.
pub(crate) fn earn_on(
    stores: &Stores,
    request: &EarnRequest,
) -> Result<Vec<CustomerEarn>, RecordError> {
    let mut results = earn_together_on(stores, [request.clone()]);
    results.pop().unwrap()
}

/// What a store makes of the requests of a batch.
pub(crate) type Results = Vec<Result<Vec<CustomerEarn>, RecordError>>;

/// Executes requests in one batch, by way of `stores`.
pub(crate) fn earn_together_on(
    stores: &Stores,
    requests: impl IntoIterator<Item = EarnRequest>,
) -> Results {
    let mut batch = EarnBatch::default();
    requests
        .into_iter()
        .for_each(|request| batch.push(request).unwrap());
    stores.earning.earn(&batch).unwrap()
}

/// The code with which a single customer was refused; 0 if it earned.
pub(crate) fn code_of(result: &Result<Vec<CustomerEarn>, RecordError>) -> u32 {
    match result {
        Ok(outcomes) => {
            assert_eq!(outcomes.len(), 1);
            0
        }
        Err(RecordError::Refused(rejection)) => rejection.code.number(),
        Err(error) => panic!("{error:?}"),
    }
}

/// `request` for other customers, with ids of their own and a request id of its own.
pub(crate) fn for_others(
    world: &World,
    request: &EarnRequest,
    numbers: impl IntoIterator<Item = i64>,
) -> EarnRequest {
    let customers = customers(numbers);
    EarnRequest {
        request_id: world.request_id(),
        ids: world.ids.block(u32::try_from(customers.len()).unwrap()),
        customers,
        ..request.clone()
    }
}

impl World {
    /// A badge that is earned directly, created, with limits.
    pub(crate) fn limited(
        &self,
        name: &str,
        customer: impl IntoIterator<Item = Constraint>,
        badge: impl IntoIterator<Item = Constraint>,
    ) -> Badge {
        let mut draft = self.draft(name);
        draft.definition.earn_mode = EarnMode::Direct;
        draft.definition.customer_constraints = customer.into_iter().collect();
        draft.definition.badge_constraints = badge.into_iter().collect();
        self.create(&draft);
        draft
    }

    /// A badge that is earned directly, created, without limits.
    pub(crate) fn direct(&self, name: &str) -> Badge {
        self.limited(name, [], [])
    }

    /// A request for several customers to earn `badge` as it is now.
    pub(crate) fn earning(
        &self,
        badge: &Badge,
        numbers: impl IntoIterator<Item = i64>,
    ) -> EarnRequest {
        self.earning_at(badge, numbers, now(), now())
    }

    /// The same with an event date and a moment at which it is recorded.
    pub(crate) fn earning_at(
        &self,
        badge: &Badge,
        numbers: impl IntoIterator<Item = i64>,
        event_on: Instant,
        recorded_on: Instant,
    ) -> EarnRequest {
        let found = self.found(badge);
        let customers = customers(numbers);
        let definition = &found.badge.definition;
        EarnRequest {
            context: Context {
                org: badge.org,
                actor: badge.created_by,
                now: recorded_on,
                key: None,
                tag: None,
                rules: None,
            },
            badge: badge.id,
            version: found.version,
            operation: Operation::EarnBulk,
            request_id: self.request_id(),
            triggered_by: None,
            by_hand: None,
            terms: EarnTerms {
                earn_type: definition.earn_mode.earn_type(),
                event_on,
                expires_on: at("2027-05-01T00:00:00Z"),
            },
            limits: limits(definition, &Zone::utc(), event_on, recorded_on),
            zone: Zone::utc(),
            ids: self.ids.block(u32::try_from(customers.len()).unwrap()),
            customers,
            unknown: Vec::new(),
        }
    }

    /// A request for one customer, who is refused as a whole.
    pub(crate) fn one(&self, badge: &Badge, number: i64) -> EarnRequest {
        EarnRequest {
            operation: Operation::Earn,
            ..self.earning(badge, [number])
        }
    }

    pub(crate) fn earn(&self, request: &EarnRequest) -> Result<Vec<CustomerEarn>, RecordError> {
        earn_on(&self.stores, request)
    }

    /// Executes requests in one batch.
    pub(crate) fn earn_together(&self, requests: impl IntoIterator<Item = EarnRequest>) -> Results {
        earn_together_on(&self.stores, requests)
    }

    /// Lets these customers earn now; gives a code for each.
    pub(crate) fn earns(&self, badge: &Badge, numbers: impl IntoIterator<Item = i64>) -> Vec<u32> {
        codes(&self.earn(&self.earning(badge, numbers)).unwrap())
    }

    /// Lets one customer earn now.
    pub(crate) fn earned_by(&self, badge: &Badge, number: i64) -> EarnedBadgeId {
        earned_id(&self.earn(&self.one(badge, number)).unwrap())
    }

    /// How often the badge was earned.
    pub(crate) fn earned(&self, badge: &Badge) -> u64 {
        self.counted(badge).counts.earned
    }

    /// A request to revoke an earn.
    pub(crate) fn revoking(
        &self,
        badge: &Badge,
        number: i64,
        earned: EarnedBadgeId,
    ) -> RevokeEarnRequest {
        RevokeEarnRequest {
            context: Context {
                org: badge.org,
                actor: badge.created_by,
                now: now(),
                key: None,
                tag: None,
                rules: None,
            },
            badge: badge.id,
            customer: customer(number),
            earned,
            request_id: Some(self.request_id()),
            reason: None,
        }
    }

    pub(crate) fn revoke_earn(&self, request: &RevokeEarnRequest) -> Result<(), RecordError> {
        self.stores.earning.revoke(request).unwrap()
    }

    /// A request to revoke enrolments.
    pub(crate) fn unenrolling(
        &self,
        badge: &Badge,
        targets: &[(i64, Option<EnrolmentId>)],
    ) -> RevokeEnrolmentsRequest {
        let target = |(number, enrolment): &(i64, Option<EnrolmentId>)| RevokeTarget {
            customer: customer(*number),
            enrolment: *enrolment,
        };
        RevokeEnrolmentsRequest {
            context: Context {
                org: badge.org,
                actor: badge.created_by,
                now: now(),
                key: None,
                tag: None,
                rules: None,
            },
            badge: badge.id,
            targets: targets.iter().map(target).collect(),
            unknown: Vec::new(),
            request_id: Some(self.request_id()),
            reason: None,
        }
    }

    pub(crate) fn unenrol(
        &self,
        request: &RevokeEnrolmentsRequest,
    ) -> Result<Vec<RevokedEnrolment>, RecordError> {
        self.stores.enrolments.revoke(request).unwrap()
    }

    /// A request to import earns of one badge with these event dates.
    pub(crate) fn importing(&self, badge: &Badge, earns: &[(i64, Instant)]) -> ImportRequest {
        let definition = self.found(badge).badge.definition;
        let item = |(number, event_on): &(i64, Instant)| ImportItem {
            badge: badge.id,
            customer: customer(*number),
            id: self.ids.object_id().into(),
            event_on: *event_on,
            expires_on: at("2028-01-01T00:00:00Z"),
            counts_under: counts_under(&definition, *event_on),
        };
        let items: Vec<_> = earns.iter().map(item).collect();
        ImportRequest {
            context: Context {
                org: badge.org,
                actor: badge.created_by,
                now: now(),
                key: None,
                tag: None,
                rules: None,
            },
            request_id: self.request_id(),
            outcomes: all_imported(&items),
            items,
        }
    }

    /// Imports `request`, whose answer is that all was, unless it says of each what became of it.
    pub(crate) fn import(&self, request: &ImportRequest) -> Result<(), RecordError> {
        let mut request = request.clone();
        let is_recorded = |it: &&Imported| matches!(it, Imported::Recorded { .. });
        if request.outcomes.iter().filter(is_recorded).count() != request.items.len() {
            request.outcomes = all_imported(&request.items);
        }
        self.stores.earning.import(&request).unwrap()
    }

    /// How many earns count under each limit of the badge, for an event that happens now,
    /// for customer `number`.
    pub(crate) fn counts(&self, badge: &Badge, number: i64) -> Vec<u64> {
        let limits = limits(
            &self.found(badge).badge.definition,
            &Zone::utc(),
            now(),
            now(),
        );
        let customer = Some(customer(number));
        let earning = &self.stores.earning;
        earning
            .counted(badge.org, badge.id, customer, &limits)
            .unwrap()
    }

    pub(crate) fn details(&self, badge: &Badge, number: i64) -> CustomerBadgeDetails {
        let query = all_details(customer(number), badge.id, now());
        let details = &self.stores.customer_badges;
        let found = details.details(badge.org, &query);
        found.unwrap().unwrap()
    }

    /// Changes the definition of `badge` from its present version.
    pub(crate) fn redefine(&self, badge: &Badge, change: impl FnOnce(&mut BadgeDefinition)) {
        self.edit(badge, self.redefinition(badge, change));
    }

    /// A change of the definition of `badge` as it is now.
    pub(crate) fn redefinition(
        &self,
        badge: &Badge,
        change: impl FnOnce(&mut BadgeDefinition),
    ) -> BadgeEdit {
        let mut definition = self.found(badge).badge.definition;
        change(&mut definition);
        BadgeEdit::Definition {
            definition: Box::new(definition),
            active: None,
        }
    }
}

/// The limits under which an import counts.
pub(crate) fn counts_under(definition: &BadgeDefinition, event_on: Instant) -> Vec<Limit> {
    limits(definition, &Zone::utc(), event_on, now())
        .into_iter()
        .filter(|limit| limit.scope == Scope::Badge && !matches!(limit.span, Span::Rolling { .. }))
        .collect()
}
