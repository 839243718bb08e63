//! A step made concrete: the same ids, moments and requests for both sides.

use accolade_application::answer::Answer;
use accolade_application::ports::{
    BadgeEdit, BadgeEditRequest, BadgeQuery, BadgeVersion, EnrolmentRequest, IdSource as _,
    IdempotencyGuard, IdempotencyRecord,
};
use accolade_domain::badge::{Badge, BadgePeriod, EarnMode};
use accolade_domain::enrolment::Hold;
use accolade_domain::ids::{BadgeId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owners;
use accolade_domain::text::RequestId;
use time::Duration;

use crate::World;
use crate::fixtures::{badge, claim, customers, now};
use crate::walk::steps::{BADGES, Edit, Query, Shape, Step, Wish};
use crate::world::{Tenant, guard_of};

/// What is asked of a store.
#[derive(Debug)]
pub(crate) enum Action {
    Create(Box<Badge>, Option<IdempotencyRecord>),
    /// With how many versions ago it was decided.
    Edit(BadgeEditRequest, usize),
    /// Each with how many versions ago it was decided.
    Enrol(Vec<(EnrolmentRequest, usize)>),
    Preview(EnrolmentRequest),
    Find(OrgId, BadgeId),
    List(OrgId, Box<BadgeQuery>),
    Request(OrgId, RequestId),
    Recall(IdempotencyGuard),
    Sweep(Instant),
}

/// Makes actions of steps.
pub(crate) struct Planner<'a> {
    world: &'a World,
    tenant: Tenant,
    badges: [BadgeId; BADGES],
}

impl<'a> Planner<'a> {
    pub(crate) fn new(world: &'a World, tenant: Tenant) -> Self {
        Self {
            world,
            tenant,
            badges: std::array::from_fn(|_| world.ids.object_id().into()),
        }
    }

    /// What `step` is, so many minutes after the beginning.
    pub(crate) fn plan(&self, step: &Step, minute: usize) -> Action {
        let now = minutes(i64::try_from(minute).unwrap());
        let org = self.tenant.org;
        match step {
            Step::Create { badge, shape, key } => {
                Action::Create(Box::new(self.badge(*badge, shape)), self.record(*key, now))
            }
            Step::Edit {
                badge,
                behind,
                edit,
                key,
            } => {
                let request = BadgeEditRequest {
                    org,
                    badge: self.badges[*badge],
                    version: BadgeVersion(0),
                    edit: change(edit),
                    now,
                    by: self.tenant.client,
                    idempotency: self.record(*key, now),
                };
                Action::Edit(request, *behind)
            }
            Step::Enrol(wishes) => {
                let request = |wish: &Wish| (self.request(wish, now), wish.behind);
                Action::Enrol(wishes.iter().map(request).collect())
            }
            Step::Preview(wish) => Action::Preview(self.request(wish, now)),
            Step::Find { badge } => Action::Find(org, self.badges[*badge]),
            Step::List(query) => Action::List(org, Box::new(list(query, now))),
            Step::Request { id } => Action::Request(org, request_id(*id)),
            Step::Recall { key } => Action::Recall(self.guard(*key, now)),
            Step::Sweep => Action::Sweep(now),
        }
    }

    fn badge(&self, number: usize, shape: &Shape) -> Badge {
        let Tenant { org, client } = self.tenant;
        let mut badge = badge(self.badges[number], org, client, shape.name);
        let definition = &mut badge.definition;
        definition.period = BadgePeriod::new(hours(shape.starts), hours(shape.ends)).unwrap();
        definition.owners = Owners::try_from(shape.owners.clone()).unwrap();
        if shape.direct {
            definition.earn_mode = EarnMode::Direct;
        }
        badge.active = shape.active;
        badge
    }

    fn request(&self, wish: &Wish, now: Instant) -> EnrolmentRequest {
        let customers = customers(wish.customers.iter().copied());
        let until = wish.from + wish.length;
        EnrolmentRequest {
            org: self.tenant.org,
            badge: self.badges[wish.badge],
            version: BadgeVersion(0),
            request_id: request_id(wish.id),
            triggered_by: None,
            hold: Hold::new(minutes(wish.from), minutes(until)).unwrap(),
            ids: self
                .world
                .ids
                .block(u32::try_from(customers.len()).unwrap()),
            customers,
            unknown: Vec::new(),
            now,
            by: self.tenant.client,
            idempotency: wish.key.map(|key| self.guard(key, now)),
        }
    }

    /// A key that expires within the walk.
    fn guard(&self, key: u8, used_on: Instant) -> IdempotencyGuard {
        IdempotencyGuard {
            used_on,
            expires_on: used_on + Duration::minutes(10),
            ..guard_of(self.tenant, &format!("key {key}"))
        }
    }

    fn record(&self, key: Option<u8>, used_on: Instant) -> Option<IdempotencyRecord> {
        key.map(|key| IdempotencyRecord {
            guard: self.guard(key, used_on),
            answer: Answer::Activity {
                badge: self.world.ids.object_id().into(),
                active: true,
            },
        })
    }
}

fn minutes(count: i64) -> Instant {
    now() + Duration::minutes(count)
}

fn hours(count: i64) -> Instant {
    now() + Duration::hours(count)
}

fn request_id(number: u8) -> RequestId {
    format!("request {number}").try_into().unwrap()
}

fn change(edit: &Edit) -> BadgeEdit {
    match edit {
        Edit::Activity(active) => BadgeEdit::Activity(*active),
        Edit::Claim {
            owner,
            reference,
            active,
        } => BadgeEdit::Claim(claim(*owner, &reference.to_string(), *active)),
    }
}

fn list(query: &Query, now: Instant) -> BadgeQuery {
    BadgeQuery {
        now,
        statuses: query.statuses.clone(),
        earn_type: query.earn_type,
        active: query.active,
        owner: query.owner,
        claimed_by: query.claimed_by,
        unclaimed: query.unclaimed,
        group: None,
        name_contains: query.name.map(str::to_owned),
        starts_from: query.starts_from.map(hours),
        ends_until: query.ends_until.map(hours),
        sort: query.sort,
        order: query.order,
        page: query.page,
        size: query.size,
    }
}
