//! Allocating the earns that limits still allow among the customers of a request, in its order.

use crate::earning::{Limit, Scope, Span, leaves_rolling};
use crate::instant::Instant;
use crate::rejection::Rejection;
use crate::zone::Zone;

/// How many earns count under a limit before a request is executed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Their number.
    pub count: u64,
    /// When the earn was recorded that must leave a rolling window before the window has room
    /// again. That is the oldest earn; where more earns count than the limit allows, as many older
    /// ones must leave first as are too many. `None` if no earn counts, and for other spans.
    pub must_leave: Option<Instant>,
}

/// Decides which customers of a request may earn: in the order of the request, every customer for
/// whom first all limits of the customer and then all limits of the badge have room. A customer who
/// is refused takes no room.
///
/// `limits` are those of [`limits`](super::limits()). `customers` has, for each customer,
/// what counts under the customer limits in their order; `badge` the same for the badge's.
///
/// # Errors
/// Of each customer: 817 or 818, by the first limit that has no room, saying
/// which it is and when it opens again.
pub fn allot(
    limits: &[Limit],
    customers: &[Vec<Counted>],
    badge: &[Counted],
    now: Instant,
    zone: &Zone,
) -> Vec<Result<(), Rejection>> {
    let of = |scope| limits.iter().filter(move |limit| limit.scope == scope);
    let mut taken = 0;
    customers
        .iter()
        .map(|customer| {
            let own = of(Scope::Customer)
                .zip(customer)
                .map(|(limit, counted)| (limit, counted, 0));
            let shared = of(Scope::Badge)
                .zip(badge)
                .map(|(limit, counted)| (limit, counted, taken));
            for (limit, counted, taken) in own.chain(shared) {
                if limit.room(counted.count + taken) == 0 {
                    return Err(limit.refusal(opens_on(limit, *counted, now, zone)));
                }
            }
            taken += 1;
            Ok(())
        })
        .collect()
}

fn opens_on(limit: &Limit, counted: Counted, now: Instant, zone: &Zone) -> Option<Instant> {
    match limit.span {
        Span::Rolling { unit, length, .. } => Some(leaves_rolling(
            unit,
            length,
            counted.must_leave.unwrap_or(now),
            zone,
        )),
        Span::AllTime | Span::Fixed { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::at;

    fn limit(scope: Scope, max: u32) -> Limit {
        Limit {
            scope,
            span: Span::AllTime,
            max,
        }
    }

    fn counted(count: u64) -> Counted {
        Counted {
            count,
            must_leave: None,
        }
    }

    fn codes(limits: &[Limit], customers: &[Vec<Counted>], badge: &[Counted]) -> Vec<u32> {
        allot(
            limits,
            customers,
            badge,
            at("2026-01-01T00:00:00Z"),
            &Zone::utc(),
        )
        .into_iter()
        .map(|result| result.map_or_else(|rejection| rejection.code.number(), |()| 0))
        .collect()
    }

    #[test]
    fn with_room_for_three_the_first_three_of_five_get_it() {
        let customers = vec![Vec::new(); 5];
        assert_eq!(
            codes(&[limit(Scope::Badge, 10)], &customers, &[counted(7)]),
            [0, 0, 0, 818, 818]
        );
    }

    #[test]
    fn who_is_refused_by_the_customers_limit_takes_no_room_under_the_badges() {
        let limits = [limit(Scope::Customer, 1), limit(Scope::Badge, 2)];
        let customers = [
            vec![counted(1)],
            vec![counted(0)],
            vec![counted(0)],
            vec![counted(1)],
        ];
        assert_eq!(codes(&limits, &customers, &[counted(0)]), [817, 0, 0, 817]);
    }

    #[test]
    fn without_limits_everybody_may() {
        assert_eq!(codes(&[], &[Vec::new(), Vec::new()], &[]), [0, 0]);
    }
}
