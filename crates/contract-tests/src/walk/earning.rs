//! Steps of earning, revoking and importing.

use std::collections::BTreeSet;

use accolade_application::answer::UnknownCustomer;
use accolade_application::ports::{
    self, EarnBatch, EarnRequest, ImportItem, ImportRequest, Operation, RevokeEarnRequest,
    RevokeEnrolmentsRequest, RevokeTarget,
};
use accolade_domain::badge::constraint::{Constraint, Cycle, FixedWindow, Weekday};
use accolade_domain::badge::{Badge, EarnType};
use accolade_domain::earning::{EarnTerms, Scope, limits};
use accolade_domain::ids::{EarnedBadgeId, EnrolmentId, ObjectId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::OwnerType;
use accolade_domain::zone::{CalendarUnit, Zone};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use time::Duration;
use uuid::Uuid;

use crate::earning::{all_imported, count, counts_under, rolling};
use crate::fixtures::{customer, customers, owner};
use crate::walk::context::{Context, request_id};
use crate::walk::side::{Side, told};
use crate::walk::steps::{badge, behind, customer as number, key};

/// The most customers of one request.
const MOST_CUSTOMERS: usize = 4;

/// One step. Numbers stand for things of which a walk has a few.
#[derive(Debug, Clone)]
pub(crate) enum EarningStep {
    /// In one batch.
    Earn(Vec<Earn>),
    Preview(Earn),
    RevokeEarn {
        badge: usize,
        /// From whom on to look for somebody who has earned the badge.
        customer: i64,
        /// Which of the customer's earns, the last being 0.
        which: usize,
        id: Option<u8>,
        key: Option<u8>,
    },
    RevokeEnrolments {
        badge: usize,
        /// Whose, and which of the customer's enrolments, the last being 0.
        targets: BTreeSet<(i64, Option<usize>)>,
        dry: bool,
        id: Option<u8>,
        key: Option<u8>,
    },
    Import {
        /// Badge, customer, when it was earned and for how long, in hours.
        items: Vec<(usize, i64, i64, i64)>,
        id: u8,
        key: Option<u8>,
    },
    Count {
        badge: usize,
        customer: Option<i64>,
        event: i64,
    },
}

/// A request to earn.
#[derive(Debug, Clone)]
pub(crate) struct Earn {
    badge: usize,
    behind: usize,
    single: bool,
    customers: Vec<i64>,
    /// Which of the step's ids is that of the first customer.
    first_id: usize,
    stranger: bool,
    triggered: bool,
    /// Minutes around the step.
    event: i64,
    /// Hours around the step at which it is recorded.
    recorded: i64,
    /// Hours for which it is kept.
    kept: i64,
    id: u8,
    key: Option<u8>,
}

/// Limits of this scope, of which those that are chosen stand side by side.
pub(crate) fn constraints(scope: Scope) -> impl Strategy<Value = Vec<Constraint>> {
    let fixed = move |number: u128, cycle, max, from, until| {
        Constraint::FixedWindow(FixedWindow {
            reference: Uuid::from_u128(scope as u128 * 100 + number),
            cycle,
            max: count(max),
            from,
            until,
        })
    };
    let day = Cycle::Days {
        refresh_rate: count(1),
    };
    let week = Cycle::Weeks {
        starts_on: Weekday::Saturday,
    };
    let change = Instant::parse_iso("2026-05-02T00:00:00Z").unwrap();
    let kinds = move |kind: usize, max: i64| match kind {
        0 => vec![Constraint::FixedValue(count(max))],
        1 => vec![fixed(1, day, max, None, None)],
        2 => vec![
            fixed(2, day, max, None, Some(change)),
            fixed(3, week, max, Some(change), None),
        ],
        3 => vec![fixed(4, Cycle::Months, max, None, None)],
        4 => vec![rolling(CalendarUnit::Days, 1, max)],
        5 => vec![rolling(CalendarUnit::Weeks, 1, max)],
        6 => vec![rolling(CalendarUnit::Months, 1, max)],
        _ => vec![Constraint::NoLimit],
    };
    btree_set(0..8_usize, 0..4).prop_flat_map(move |chosen| {
        let len = chosen.len();
        vec(1..4_i64, len).prop_map(move |maxima| {
            let chosen = chosen.iter().zip(maxima);
            chosen.flat_map(|(kind, max)| kinds(*kind, max)).collect()
        })
    })
}

pub(crate) fn steps() -> impl Strategy<Value = EarningStep> {
    let id = || option::weighted(0.6, 0..24_u8);
    let revoke_earn = (
        badge(),
        number(),
        prop_oneof![3 => Just(0_usize), 1 => 1..3_usize],
        id(),
        key(),
    )
        .prop_map(
            |(badge, customer, which, id, key)| EarningStep::RevokeEarn {
                badge,
                customer,
                which,
                id,
                key,
            },
        );
    let targets = btree_set((number(), option::weighted(0.5, 0..3_usize)), 1..4);
    let revoke_enrolments = (badge(), targets, any::<bool>(), id(), key()).prop_map(
        |(badge, targets, dry, id, key)| EarningStep::RevokeEnrolments {
            badge,
            targets,
            dry,
            id,
            key,
        },
    );
    let item = (badge(), number(), -48..48_i64, 1..72_i64);
    let import = (vec(item, 0..4), 0..24_u8, key())
        .prop_map(|(items, id, key)| EarningStep::Import { items, id, key });
    let counted =
        (badge(), option::of(number()), -2..2_i64).prop_map(|(badge, customer, event)| {
            EarningStep::Count {
                badge,
                customer,
                event,
            }
        });
    prop_oneof![
        5 => earn().prop_map(|earn| EarningStep::Earn(vec![earn])),
        3 => together().prop_map(EarningStep::Earn),
        2 => earn().prop_map(EarningStep::Preview),
        3 => revoke_earn,
        2 => revoke_enrolments,
        2 => import,
        2 => counted,
    ]
}

fn earn() -> impl Strategy<Value = Earn> {
    let who = (badge(), behind(), any::<bool>(), select(vec![0, 0, 1, 2]));
    let customers = btree_set(number(), 1..=MOST_CUSTOMERS);
    let when = (
        prop_oneof![3 => -5..5_i64, 1 => -4000..70_i64],
        -30..30_i64,
        -5..60_i64,
    );
    (who, customers, any::<bool>(), when, 0..64_u8, key()).prop_map(
        |((badge, behind, single, flags), customers, reversed, when, id, key)| {
            let (event, recorded, kept) = when;
            let mut customers: Vec<_> = customers.into_iter().collect();
            if reversed {
                customers.reverse();
            }
            if single {
                customers.truncate(1);
            }
            Earn {
                badge,
                behind,
                single,
                customers,
                first_id: 0,
                stranger: !single && flags == 1,
                triggered: flags == 2,
                event,
                recorded,
                kept,
                id,
                key,
            }
        },
    )
}

/// Requests of one badge at one moment, of which most go together.
fn together() -> impl Strategy<Value = Vec<Earn>> {
    (vec(earn(), 2..=4), any::<bool>()).prop_map(|(mut earns, are_single)| {
        let first = earns[0].clone();
        for (place, earn) in earns.iter_mut().enumerate() {
            *earn = Earn {
                badge: first.badge,
                behind: first.behind,
                event: first.event,
                recorded: first.recorded,
                kept: first.kept,
                single: earn.single || are_single,
                first_id: place * MOST_CUSTOMERS,
                ..earn.clone()
            };
            if earn.single {
                earn.customers.truncate(1);
                earn.stranger = false;
            }
        }
        earns
    })
}

impl Side {
    /// Does `step` and gives all that was answered.
    pub(crate) fn earning(&mut self, step: &EarningStep, context: &Context) -> String {
        let earning = self.stores.earning.clone();
        match step {
            EarningStep::Earn(earns) => {
                let mut batch = EarnBatch::default();
                let mut left_out = 0;
                for earn in earns {
                    left_out += usize::from(batch.push(self.request(earn, context)).is_err());
                }
                told((earning.earn(&batch), left_out))
            }
            EarningStep::Preview(earn) => told(earning.preview(&self.request(earn, context))),
            EarningStep::RevokeEarn {
                badge,
                customer: number,
                which,
                id,
                key,
            } => {
                let number = self.earner(*badge, *number, context);
                let earned = self.earn_of(*badge, number, *which, context);
                let badge = context.badges[*badge];
                let active = earning.is_active(context.tenant.org, badge, customer(number), earned);
                let revoked = earning.revoke(&RevokeEarnRequest {
                    context: ports::Context {
                        org: context.tenant.org,
                        actor: context.tenant.actor,
                        now: context.now,
                        key: context.guard(*key),
                        tag: None,
                        rules: None,
                    },
                    badge,
                    customer: customer(number),
                    earned,
                    request_id: id.map(request_id),
                    reason: None,
                });
                told((active, revoked))
            }
            EarningStep::RevokeEnrolments {
                badge,
                targets,
                dry,
                id,
                key,
            } => {
                let target = |(number, which): &(i64, Option<usize>)| RevokeTarget {
                    customer: customer(*number),
                    enrolment: which
                        .map(|which| self.enrolment_of(*badge, *number, which, context)),
                };
                let mut targets: Vec<_> = targets.iter().map(target).collect();
                // Each pair once: what is missing has one name.
                targets.dedup();
                let request = RevokeEnrolmentsRequest {
                    context: ports::Context {
                        org: context.tenant.org,
                        actor: context.tenant.actor,
                        now: context.now,
                        key: context.guard(*key),
                        tag: None,
                        rules: None,
                    },
                    badge: context.badges[*badge],
                    targets,
                    unknown: Vec::new(),
                    request_id: id.map(request_id),
                    reason: None,
                };
                let enrolments = &self.stores.enrolments;
                if *dry {
                    told(enrolments.preview_revoke(&request))
                } else {
                    told(enrolments.revoke(&request))
                }
            }
            EarningStep::Import { items, id, key } => {
                told(earning.import(&self.import(items, *id, *key, context)))
            }
            EarningStep::Count {
                badge,
                customer: number,
                event,
            } => {
                let event_on = context.hours(*event);
                let limits = match self.badge_now(*badge, context) {
                    Some(badge) => limits(&badge.definition, &Zone::utc(), event_on, context.now),
                    None => Vec::new(),
                };
                let badge = context.badges[*badge];
                let number = number.map(customer);
                told(earning.counted(context.tenant.org, badge, number, &limits))
            }
        }
    }

    fn request(&mut self, earn: &Earn, context: &Context) -> EarnRequest {
        let found = self.badge_now(earn.badge, context);
        let recorded = context.hours(earn.recorded);
        let event_on = context.minutes(earn.event);
        let earn_type = found.as_ref().map_or(EarnType::Earn, |badge| {
            badge.definition.earn_mode.earn_type()
        });
        let limits = found.map_or(Vec::new(), |badge| {
            limits(&badge.definition, &Zone::utc(), event_on, recorded)
        });
        EarnRequest {
            context: ports::Context {
                org: context.tenant.org,
                actor: context.tenant.actor,
                now: recorded,
                key: context.guard(earn.key),
                tag: None,
                rules: None,
            },
            badge: context.badges[earn.badge],
            version: self.version(context.badges[earn.badge], earn.behind),
            operation: if earn.single {
                Operation::Earn
            } else {
                Operation::EarnBulk
            },
            request_id: request_id(earn.id),
            triggered_by: earn.triggered.then(|| owner(OwnerType::Loyalty, "1")),
            by_hand: None,
            terms: EarnTerms {
                earn_type,
                event_on,
                expires_on: context.hours(earn.kept),
            },
            limits,
            zone: Zone::utc(),
            customers: customers(earn.customers.iter().copied()),
            unknown: if earn.stranger {
                vec![UnknownCustomer {
                    position: 1,
                    identifier: "nobody@example.org".to_owned(),
                }]
            } else {
                Vec::new()
            },
            ids: context.ids_from(earn.first_id),
        }
    }

    fn import(
        &mut self,
        items: &[(usize, i64, i64, i64)],
        id: u8,
        key: Option<u8>,
        context: &Context,
    ) -> ImportRequest {
        let item = |(index, (badge, number, event, kept)): (usize, &(usize, i64, i64, i64))| {
            let found = self.badge_now(*badge, context)?;
            let event_on = context.hours(*event);
            Some(ImportItem {
                badge: context.badges[*badge],
                customer: customer(*number),
                id: EarnedBadgeId(context.ids.get(index).unwrap()),
                event_on,
                expires_on: event_on + Duration::hours(*kept),
                counts_under: counts_under(&found.definition, event_on),
            })
        };
        let items: Vec<_> = items.iter().enumerate().filter_map(item).collect();
        ImportRequest {
            outcomes: all_imported(&items),
            context: ports::Context {
                org: context.tenant.org,
                actor: context.tenant.actor,
                now: context.now,
                key: context.guard(key),
                tag: None,
                rules: None,
            },
            request_id: request_id(id),
            items,
        }
    }

    fn badge_now(&mut self, badge: usize, context: &Context) -> Option<Badge> {
        self.found(context.tenant.org, context.badges[badge])
    }

    /// The first customer from `number` on, round the end, who has earned the badge; or else
    /// that one.
    fn earner(&self, badge: usize, number: i64, context: &Context) -> i64 {
        let mut numbers = (number..8).chain(1..number);
        let has_earned = |number: &i64| {
            let details = self.details_of(badge, *number, context);
            details.is_some_and(|details| details.badge.standing.earned > 0)
        };
        numbers.find(has_earned).unwrap_or(number)
    }

    /// One of the customer's earns, or one that nobody has.
    fn earn_of(&self, badge: usize, number: i64, which: usize, context: &Context) -> EarnedBadgeId {
        let details = self.details_of(badge, number, context);
        let earn = details.and_then(|details| Some(details.earns.items.get(which)?.earned.id));
        earn.unwrap_or(EarnedBadgeId(nobodys()))
    }

    /// One of the customer's enrolments, or one that nobody has.
    fn enrolment_of(
        &self,
        badge: usize,
        number: i64,
        which: usize,
        context: &Context,
    ) -> EnrolmentId {
        let details = self.details_of(badge, number, context);
        let enrolment =
            details.and_then(|details| Some(details.enrolments.items.get(which)?.enrolment.id));
        enrolment.unwrap_or(EnrolmentId(nobodys()))
    }
}

fn nobodys() -> ObjectId {
    ObjectId::from_bytes([0; 12])
}
