//! A step made concrete: the same ids, moments and requests for both sides.

use accolade_application::ports::{
    self, BadgeEdit, BadgeEditRequest, BadgeQuery, BadgeVersion, EnrolmentRequest, IdSource as _,
    IdempotencyGuard, IdempotencyRecord,
};
use accolade_domain::badge::{Badge, BadgePeriod, EarnMode, Rank};
use accolade_domain::enrolment::Hold;
use accolade_domain::ids::{BadgeId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owners;
use accolade_domain::text::RequestId;
use time::Duration;

use crate::World;
use crate::fixtures::{badge, claim, customers, now};
use crate::walk::catalogue::CatalogueStep;
use crate::walk::context::{Context, request_id};
use crate::walk::earning::EarningStep;
use crate::walk::holdings::HoldingsStep;
use crate::walk::people::PeopleStep;
use crate::walk::steps::{BADGES, Edit, Query, Shape, Step, Wish};
use crate::world::Tenant;

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
    /// What was due then expires now.
    Expire(Instant, Instant),
    /// The whole feed, and the cursors before these moments.
    Events(OrgId, Vec<Instant>),
    FindAll(OrgId, Vec<BadgeId>),
    Remember(IdempotencyRecord),
    Earning(EarningStep, Context),
    Catalogue(CatalogueStep, Context),
    Holdings(HoldingsStep, Context),
    People(PeopleStep, Context),
}

/// Makes actions of steps.
pub(crate) struct Planner<'a> {
    world: &'a World,
    context: Context,
}

impl<'a> Planner<'a> {
    pub(crate) fn new(world: &'a World, tenant: Tenant) -> Self {
        Self {
            world,
            context: Context::new(world, tenant),
        }
    }

    /// What `step` is, so many minutes after the beginning.
    pub(crate) fn plan(&self, step: &Step, minute: usize) -> Action {
        let context = self.context(minute);
        let now = context.now;
        let org = context.tenant.org;
        match step {
            Step::Create { badge, shape, key } => {
                let badge = created(*badge, shape, &context);
                Action::Create(Box::new(badge), context.record(*key))
            }
            Step::Edit {
                badge,
                behind,
                edit,
                key,
            } => {
                let request = BadgeEditRequest {
                    org,
                    badge: context.badges[*badge],
                    version: BadgeVersion(0),
                    edit: change(*badge, edit, &context),
                    now,
                    by: context.tenant.actor,
                    idempotency: context.record(*key),
                    entries: Vec::new(),
                };
                Action::Edit(request, *behind)
            }
            Step::Enrol(wishes) => {
                let request = |wish: &Wish| (self.request(wish, &context), wish.behind);
                Action::Enrol(wishes.iter().map(request).collect())
            }
            Step::Preview(wish) => Action::Preview(self.request(wish, &context)),
            Step::Find { badge } => Action::Find(org, context.badges[*badge]),
            Step::List(query) => Action::List(org, Box::new(list(query, &context))),
            Step::Request { id } => Action::Request(org, request_id(*id)),
            Step::Recall { key } => Action::Recall(context.guard(Some(*key)).unwrap()),
            Step::Sweep => Action::Sweep(now),
            Step::Expire { until } => Action::Expire(context.hours(*until), now),
            Step::FindAll => Action::FindAll(org, context.badges.to_vec()),
            Step::Remember { key } => Action::Remember(context.record(Some(*key)).unwrap()),
            Step::Earning(step) => Action::Earning(step.clone(), context),
            Step::Catalogue(step) => Action::Catalogue(step.clone(), context),
            Step::Holdings(step) => Action::Holdings(step.clone(), context),
            Step::People(step) => Action::People(step.clone(), context),
        }
    }

    /// What is asked in the end: all that there is of every badge and customer.
    pub(crate) fn review(&self, minute: usize) -> impl Iterator<Item = Action> {
        let context = self.context(minute);
        let org = context.tenant.org;
        (0..BADGES).flat_map(move |badge| {
            let details = (1..8).map(move |customer| HoldingsStep::Details {
                badge,
                customer,
                moment: 0,
            });
            let found = Action::Find(org, context.badges[badge]);
            let details = details.map(move |step| Action::Holdings(step, context));
            std::iter::once(found).chain(details)
        })
    }

    /// The same of the feed.
    pub(crate) fn review_feed(&self, minute: usize) -> Action {
        let moments = (0..=minute).map(|minute| self.context(minute).now);
        Action::Events(self.context.tenant.org, moments.collect())
    }

    /// What is new so many minutes after the beginning.
    pub(crate) fn context(&self, minute: usize) -> Context {
        self.context.at(self.world, minute)
    }

    fn request(&self, wish: &Wish, context: &Context) -> EnrolmentRequest {
        let customers = customers(wish.customers.iter().copied());
        let until = wish.from + wish.length;
        EnrolmentRequest {
            context: ports::Context {
                org: context.tenant.org,
                actor: context.tenant.actor,
                now: context.now,
                key: context.guard(wish.key),
                tag: None,
                rules: None,
            },
            badge: context.badges[wish.badge],
            version: BadgeVersion(0),
            request_id: request_id(wish.id),
            triggered_by: None,
            by_hand: None,
            hold: Hold::new(minutes(wish.from), minutes(until)).unwrap(),
            ids: self
                .world
                .ids
                .block(u32::try_from(customers.len()).unwrap()),
            customers,
            unknown: Vec::new(),
        }
    }
}

fn created(number: usize, shape: &Shape, context: &Context) -> Badge {
    let Tenant { org, actor } = context.tenant;
    let mut badge = badge(context.badges[number], org, actor, shape.name);
    let definition = &mut badge.definition;
    definition.period = BadgePeriod::new(hours(shape.starts), hours(shape.ends)).unwrap();
    definition.owners = Owners::try_from(shape.owners.clone()).unwrap();
    if shape.direct {
        definition.earn_mode = EarnMode::Direct;
    }
    definition
        .customer_constraints
        .clone_from(&shape.customer_constraints);
    definition
        .badge_constraints
        .clone_from(&shape.badge_constraints);
    definition.rank = shape.rank.map(|rank| Rank::try_from(rank).unwrap());
    definition.group = shape.group.map(|group| context.groups[group]);
    badge.active = shape.active;
    badge
}

fn minutes(count: i64) -> Instant {
    now() + Duration::minutes(count)
}

fn hours(count: i64) -> Instant {
    now() + Duration::hours(count)
}

fn change(badge: usize, edit: &Edit, context: &Context) -> BadgeEdit {
    match edit {
        Edit::Activity(active) => BadgeEdit::Activity(*active),
        Edit::Claim {
            owner,
            reference,
            active,
        } => BadgeEdit::Claim(claim(*owner, &reference.to_string(), *active)),
        Edit::Definition(shape, active) => BadgeEdit::Definition {
            definition: Box::new(created(badge, shape, context).definition),
            active: *active,
        },
    }
}

fn list(query: &Query, context: &Context) -> BadgeQuery {
    BadgeQuery {
        now: context.now,
        statuses: query.statuses.clone(),
        earn_type: query.earn_type,
        active: query.active,
        owner: query.owner,
        claimed_by: query.claimed_by,
        unclaimed: query.unclaimed,
        group: query.group.map(|group| context.groups[group]),
        name_contains: query.name.map(str::to_owned),
        starts_from: query.starts_from.map(hours),
        ends_until: query.ends_until.map(hours),
        sort: query.sort,
        order: query.order,
        page: query.page,
        size: query.size,
    }
}
