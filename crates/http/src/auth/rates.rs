//! How much a client may ask for a minute: so many requests, and so many customers in those that change
//! something. Most clients have no such bound, and cost nothing here.
//!
//! A client that has been quiet may ask for a minute's worth at once; what it asks for is given back
//! evenly over the next minute. Each server counts for itself, in memory.

use std::fmt::{self, Write as _};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use accolade_application::ports::{Client, ClientBounds};
use accolade_domain::ids::ClientNumber;
use accolade_domain::rejection::{Code, Rejection};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use moka::sync::Cache;

use crate::failure::Failure;

/// What a client may still ask for (draft-ietf-httpapi-ratelimit-headers).
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// What it may ask for in all.
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The time that bounds are of.
const WINDOW: Duration = Duration::from_mins(1);

/// How long a client's count is kept that asks for nothing: by then it is as good as new.
const KEPT: Duration = Duration::from_mins(2);

/// The counts of all clients that have bounds. Cheap to clone; clones share them.
#[derive(Clone)]
pub(super) struct Rates(Cache<ClientNumber, Arc<ClientRate>>);

impl Default for Rates {
    fn default() -> Self {
        Self(Cache::builder().time_to_idle(KEPT).build())
    }
}

impl Rates {
    /// The counts of `client`; `None` if nothing bounds it.
    pub(super) fn of(&self, client: &Client) -> Option<Arc<ClientRate>> {
        let bounds = client.bounds;
        if bounds.requests_per_minute.is_none() && bounds.customers_per_minute.is_none() {
            return None;
        }
        // In one step: of two requests that come first, both are counted.
        let counted = self.0.entry(client.number).or_insert_with_if(
            || Arc::new(ClientRate::new(bounds)),
            |known| !known.is_of(bounds),
        );
        Some(counted.into_value())
    }
}

/// The counts of a client.
pub(crate) struct ClientRate<C: Clock = MonotonicClock> {
    requests: Option<Bound<C>>,
    customers: Option<Bound<C>>,
}

impl<C: Clock> fmt::Debug for ClientRate<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientRate").finish_non_exhaustive()
    }
}

impl ClientRate {
    fn new(bounds: ClientBounds) -> Self {
        Self::with_clock(bounds, &MonotonicClock)
    }
}

impl<C: Clock + Clone> ClientRate<C> {
    fn with_clock(bounds: ClientBounds, clock: &C) -> Self {
        let bound = |a_minute: NonZeroU32| Bound::new(a_minute, clock.clone());
        Self {
            requests: bounds.requests_per_minute.map(bound),
            customers: bounds.customers_per_minute.map(bound),
        }
    }

    /// Whether it counts under these bounds.
    fn is_of(&self, bounds: ClientBounds) -> bool {
        let a_minute = |bound: &Option<Bound<C>>| bound.as_ref().map(|it| it.a_minute);
        a_minute(&self.requests) == bounds.requests_per_minute
            && a_minute(&self.customers) == bounds.customers_per_minute
    }

    /// Counts a request.
    ///
    /// # Errors
    /// 1932 if there have been too many.
    pub(crate) fn take_request(&self) -> Result<(), Failure> {
        match &self.requests {
            Some(bound) => bound
                .take(NonZeroU32::MIN)
                .map_err(|short| short.failure("requests", bound.a_minute)),
            None => Ok(()),
        }
    }

    /// Counts so many customers of a request that changes something.
    ///
    /// # Errors
    /// 1932 if there have been too many; 1905 if they are more than there may be in a minute.
    pub(crate) fn take_customers(&self, customers: usize) -> Result<(), Failure> {
        let customers = u32::try_from(customers).unwrap_or(u32::MAX);
        match (&self.customers, NonZeroU32::new(customers)) {
            (Some(bound), Some(customers)) => bound
                .take(customers)
                .map_err(|short| short.failure("customers", bound.a_minute)),
            _ => Ok(()),
        }
    }

    /// Says in `headers` what the client may ask for, in all and still.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        let (mut policy, mut left) = (String::new(), String::new());
        let bounds = [("requests", &self.requests), ("customers", &self.customers)];
        for (name, bound) in bounds {
            let Some(bound) = bound else {
                continue;
            };
            let separator = if policy.is_empty() { "" } else { ", " };
            let (a_minute, still) = (bound.a_minute.get(), bound.left.load(Ordering::Relaxed));
            let whole_in = bound.whole_in(still);
            // Writing to a string cannot fail.
            let _ = write!(
                policy,
                "{separator}\"{name}\";q={a_minute};w={}",
                WINDOW.as_secs()
            );
            let _ = write!(left, "{separator}\"{name}\";r={still};t={whole_in}");
        }
        for (name, value) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, left)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
    }
}

/// One bound, and what has been taken of it.
struct Bound<C: Clock> {
    a_minute: NonZeroU32,
    limiter: RateLimiter<NotKeyed, InMemoryState, C, StateInformationMiddleware>,
    clock: C,
    /// What was left when something was taken last.
    left: AtomicU32,
}

/// Why a bound does not have what is asked for.
enum Short {
    /// It will in so long.
    For(Duration),
    /// It never has so much.
    Always,
}

impl<C: Clock + Clone> Bound<C> {
    fn new(a_minute: NonZeroU32, clock: C) -> Self {
        let limiter = RateLimiter::direct_with_clock(Quota::per_minute(a_minute), clock.clone());
        Self {
            a_minute,
            limiter: limiter.with_middleware(),
            clock,
            left: AtomicU32::new(a_minute.get()),
        }
    }

    fn take(&self, count: NonZeroU32) -> Result<(), Short> {
        match self.limiter.check_n(count) {
            Ok(Ok(state)) => {
                let left = state.remaining_burst_capacity();
                self.left.store(left, Ordering::Relaxed);
                Ok(())
            }
            Ok(Err(until)) => {
                if count == NonZeroU32::MIN {
                    self.left.store(0, Ordering::Relaxed);
                }
                Err(Short::For(until.wait_time_from(self.clock.now())))
            }
            Err(_) => Err(Short::Always),
        }
    }

    /// In how many seconds there is as much as there can be, if so much is left.
    fn whole_in(&self, left: u32) -> u64 {
        let taken = u64::from(self.a_minute.get().saturating_sub(left));
        (taken * WINDOW.as_secs()).div_ceil(self.a_minute.get().into())
    }
}

impl Short {
    /// What the caller is told of it, who may have so many `things` a minute.
    fn failure(self, things: &str, a_minute: NonZeroU32) -> Failure {
        match self {
            Self::For(wait) => {
                let message = format!(
                    "The client may have {a_minute} {things} a minute. Wait as long as Retry-After says, \
                     then send it again."
                );
                Failure::from(Rejection::new(Code::TooManyRequests).with_message(message))
                    .retry_after_time(wait)
            }
            Self::Always => {
                let message =
                    format!("The client may have {a_minute} {things} a minute. Split the request.");
                Rejection::new(Code::TooManyCustomers)
                    .with_message(message)
                    .into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::RETRY_AFTER;
    use governor::clock::FakeRelativeClock;

    fn rate(requests: u32, customers: u32) -> (ClientRate<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let bounds = ClientBounds {
            requests_per_minute: NonZeroU32::new(requests),
            customers_per_minute: NonZeroU32::new(customers),
            ends_on: None,
        };
        (ClientRate::with_clock(bounds, &clock), clock)
    }

    fn told(rate: &ClientRate<FakeRelativeClock>) -> [String; 2] {
        let mut headers = HeaderMap::new();
        rate.tell(&mut headers);
        let value = |name: HeaderName| headers.get(name).unwrap().to_str().unwrap().to_owned();
        [RATE_LIMIT_POLICY, RATE_LIMIT].map(value)
    }

    fn refused(result: Result<(), Failure>) -> (u32, Option<String>) {
        let failure = result.unwrap_err();
        let mut headers = failure.headers().iter();
        let retry = headers.find(|(name, _)| *name == RETRY_AFTER);
        let retry = retry.map(|(_, value)| value.to_str().unwrap().to_owned());
        (failure.code().number(), retry)
    }

    #[test]
    fn a_minutes_worth_may_come_at_once_and_is_given_back_evenly() {
        let (rate, clock) = rate(4, 0);
        for left in (0..4).rev() {
            rate.take_request().unwrap();
            let whole_in = (4 - left) * 15;
            let expected = [
                r#""requests";q=4;w=60"#.to_owned(),
                format!(r#""requests";r={left};t={whole_in}"#),
            ];
            assert_eq!(told(&rate), expected);
        }
        assert_eq!(refused(rate.take_request()), (1932, Some("15".to_owned())));
        clock.advance(Duration::from_millis(14_500));
        assert_eq!(refused(rate.take_request()), (1932, Some("1".to_owned())));
        clock.advance(Duration::from_millis(500));
        rate.take_request().unwrap();
        clock.advance(WINDOW);
        rate.take_request().unwrap();
        assert_eq!(told(&rate)[1], r#""requests";r=3;t=15"#);
        // Nothing bounds the customers.
        rate.take_customers(usize::MAX).unwrap();
    }

    #[test]
    fn customers_are_taken_all_or_none_and_never_more_than_a_minute_has() {
        let (rate, clock) = rate(0, 100);
        rate.take_customers(70).unwrap();
        assert_eq!(
            refused(rate.take_customers(40)),
            (1932, Some("6".to_owned()))
        );
        assert_eq!(told(&rate)[1], r#""customers";r=30;t=42"#);
        rate.take_customers(30).unwrap();
        rate.take_customers(0).unwrap();
        rate.take_request().unwrap();
        assert_eq!(refused(rate.take_customers(101)), (1905, None));
        clock.advance(WINDOW);
        rate.take_customers(100).unwrap();
    }

    #[test]
    fn both_bounds_are_told() {
        let (rate, _) = rate(600, 10_000);
        let expected = [
            r#""requests";q=600;w=60, "customers";q=10000;w=60"#,
            r#""requests";r=600;t=0, "customers";r=10000;t=0"#,
        ];
        assert_eq!(told(&rate), expected);
    }
}
