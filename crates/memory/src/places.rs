//! The places that earns take under limits.

use accolade_application::ports::EarnRequest;
use accolade_domain::earning::{Limit, Places, RollingEarn, Scope, Span, is_told_again, told_last};
use accolade_domain::ids::CustomerId;
use accolade_domain::instant::Instant;

use crate::store::State;

impl State {
    /// The places that these customers of `request` take, who earn at `earned_on` and have not earned
    /// yet.
    pub(crate) fn places(
        &mut self,
        request: &EarnRequest,
        customers: &[CustomerId],
        earned_on: Instant,
    ) -> Places {
        let (org, badge) = (request.context.org, request.badge);
        let limits: Vec<_> = (request.limits.iter())
            .map(|limit| limit.at(earned_on, &request.zone))
            .collect();
        let of = |scope| limits.iter().filter(move |limit| limit.scope == scope);
        let count = |customer, limit| self.counted_under(org, badge, customer, limit).count;
        let before = of(Scope::Badge).map(|limit| count(None, limit)).collect();
        let mut places = Places::new(limits.clone(), before);
        for customer in customers {
            let own = of(Scope::Customer).map(|limit| count(Some(*customer), limit));
            places.take(own);
        }
        for edge in places.rolling_edges() {
            let customer = customers[edge.earn];
            let last = self.told_last(request, customer, &limits[edge.limit]);
            if is_told_again(last, earned_on) {
                self.remember_told(request, &limits[edge.limit], earned_on);
            } else {
                places.keep_quiet(edge);
            }
        }
        places
    }

    /// When it was last told that this rolling window, of the customer or of the badge, is full.
    fn told_last(
        &self,
        request: &EarnRequest,
        customer: CustomerId,
        limit: &Limit,
    ) -> Option<Instant> {
        let (org, badge) = (request.context.org, request.badge);
        let Span::Rolling { unit, length, .. } = limit.span else {
            return None;
        };
        if limit.scope == Scope::Badge {
            let told = self.rolling_told.get(&(org, badge, unit, length));
            return told.copied();
        }
        let earns = self.earns_of(org, badge, Some(customer));
        let earns = earns.filter(|it| !it.imported).map(|it| RollingEarn {
            earned_on: it.earned_on,
            revoked_on: it.revoked_on,
        });
        told_last(&earns.collect::<Vec<_>>(), *limit, &request.zone)
    }

    /// Remembers that it is told of this rolling window, if it is one of the badge.
    fn remember_told(&mut self, request: &EarnRequest, limit: &Limit, told_on: Instant) {
        if let (Scope::Badge, Span::Rolling { unit, length, .. }) = (limit.scope, limit.span) {
            let key = (request.context.org, request.badge, unit, length);
            self.rolling_told.insert(key, told_on);
        }
    }
}
