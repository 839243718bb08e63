//! Earned badges: the port.

use accolade_application::answer::CustomerEarn;
use accolade_application::ports::{
    EarnBatch, EarnRequest, EarningStore, ImportRequest, RecordError, RevokeEarnRequest,
    StoreError, TriedEarns,
};
use accolade_domain::earning::{Limit, Scope};
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId, OrgId};
use anyhow::Context as _;

use crate::boundary::Boundary;
use crate::recording::allocation::Allocation;
use crate::recording::earns::Earns;
use crate::recording::imports::Import;
use crate::recording::limit_counters;
use crate::recording::revoked_earns::RevokedEarns;
use crate::recording::sql::{BadgeKey, RecordingSql};
use crate::retry::WorkError;
use crate::store::Store;

impl<C: RecordingSql> EarningStore for Store<C> {
    fn earn(
        &self,
        batch: &EarnBatch,
    ) -> Result<Vec<Result<Vec<CustomerEarn>, RecordError>>, StoreError> {
        self.record::<Earns<'_>>(batch.requests())
    }

    fn preview_after(
        &self,
        request: &EarnRequest,
        tried: &TriedEarns,
    ) -> Result<Vec<CustomerEarn>, StoreError> {
        self.reader
            .read(|connection| Allocation::preview(connection, request, tried))
    }

    fn revoke_all(
        &self,
        requests: &[RevokeEarnRequest],
    ) -> Result<Vec<Result<(), RecordError>>, StoreError> {
        self.record::<RevokedEarns>(requests)
    }

    fn is_active(
        &self,
        org: OrgId,
        badge: BadgeId,
        customer: CustomerId,
        earned: EarnedBadgeId,
    ) -> Result<bool, StoreError> {
        let key = BadgeKey { org, badge };
        self.reader.query(|connection| {
            let active = connection.active_earns(key, &[(customer, earned)])?;
            Ok(active.iter().any(Option::is_some))
        })
    }

    fn import(&self, request: &ImportRequest) -> Result<Result<(), RecordError>, StoreError> {
        self.record_one::<Import>(request)
    }

    fn counted(
        &self,
        org: OrgId,
        badge: BadgeId,
        customer: Option<CustomerId>,
        limits: &[Limit],
    ) -> Result<Vec<u64>, StoreError> {
        let key = BadgeKey { org, badge };
        self.reader
            .read(|connection| counted(connection, key, customer, limits))
    }
}

fn counted<C: RecordingSql>(
    connection: &mut C,
    key: BadgeKey,
    customer: Option<CustomerId>,
    limits: &[Limit],
) -> Result<Vec<u64>, WorkError> {
    let of_scope = |scope| -> Vec<_> {
        let limits = limits.iter().copied();
        limits.filter(|limit| limit.scope == scope).collect()
    };
    let shared = of_scope(Scope::Badge);
    let shared = match shared.as_slice() {
        [] => Vec::new(),
        some => limit_counters::sums(connection, key, some)?,
    };
    let own: Vec<_> = of_scope(Scope::Customer)
        .iter()
        .map(Boundary::from)
        .collect();
    let own = match customer {
        Some(customer) if !own.is_empty() => {
            let all = connection.count_customers(key, &[customer], &own)?;
            all.into_iter().flat_map(|it| it.counts).collect()
        }
        _ => Vec::new(),
    };
    let (mut shared, mut own) = (shared.into_iter(), own.into_iter());
    let counts = limits.iter().map(|limit| match (limit.scope, customer) {
        (Scope::Badge, _) => shared.next().context("too few sums"),
        (Scope::Customer, None) => Ok(0),
        (Scope::Customer, Some(_)) => own.next().context("too few counts"),
    });
    Ok(counts.collect::<anyhow::Result<_>>()?)
}
