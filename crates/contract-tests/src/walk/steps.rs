//! The steps of a walk: few names, badges, customers, ids and keys, so that they meet.

use accolade_application::ports::{BadgeSort, SortOrder};
use accolade_domain::badge::constraint::Constraint;
use accolade_domain::badge::{BadgeStatus, EarnType};
use accolade_domain::earning::Scope;
use accolade_domain::owner::OwnerType;
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;

use crate::walk::catalogue::{self, CatalogueStep};
use crate::walk::context::CATALOGUE;
use crate::walk::earning::{self, EarningStep, constraints};
use crate::walk::holdings::{self, HoldingsStep};
use crate::walk::people::{self, PeopleStep};

/// How many badges a walk may create.
pub(crate) const BADGES: usize = 4;

/// The names that they may have.
pub(crate) const NAMES: &[&str] = &["Gold", "gold", "ÄRZTE 100%", "ärzte_", "Zebra"];

/// The types of owners that may own and claim them.
const OWNERS: &[OwnerType] = &[
    OwnerType::Loyalty,
    OwnerType::Journeys,
    OwnerType::Milestones,
];

/// One step. Numbers stand for things of which a walk has a few.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Create {
        badge: usize,
        shape: Shape,
        key: Option<u8>,
    },
    Edit {
        badge: usize,
        behind: usize,
        edit: Edit,
        key: Option<u8>,
    },
    Enrol(Vec<Wish>),
    Preview(Wish),
    Find {
        badge: usize,
    },
    List(Query),
    Request {
        id: u8,
    },
    Recall {
        key: u8,
    },
    Sweep,
    /// What is due so many hours around the step expires.
    Expire {
        until: i64,
    },
    FindAll,
    Remember {
        key: u8,
    },
    Earning(EarningStep),
    Catalogue(CatalogueStep),
    Holdings(HoldingsStep),
    People(PeopleStep),
}

/// What a badge is like.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) direct: bool,
    pub(crate) active: bool,
    pub(crate) owners: Vec<OwnerType>,
    /// Hours around the beginning of the walk.
    pub(crate) starts: i64,
    pub(crate) ends: i64,
    pub(crate) customer_constraints: Vec<Constraint>,
    pub(crate) badge_constraints: Vec<Constraint>,
    pub(crate) rank: Option<i64>,
    pub(crate) group: Option<usize>,
}

/// A change.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    Claim {
        owner: OwnerType,
        reference: u8,
        active: bool,
    },
    Activity(bool),
    Definition(Box<Shape>, Option<bool>),
}

/// A request to enrol.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) badge: usize,
    pub(crate) behind: usize,
    pub(crate) id: u8,
    pub(crate) key: Option<u8>,
    pub(crate) customers: Vec<i64>,
    /// Minutes around the beginning of the walk.
    pub(crate) from: i64,
    pub(crate) length: i64,
}

/// What to list.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) statuses: Vec<BadgeStatus>,
    pub(crate) earn_type: Option<EarnType>,
    pub(crate) active: Option<bool>,
    pub(crate) owner: Option<OwnerType>,
    pub(crate) claimed_by: Option<OwnerType>,
    pub(crate) unclaimed: Option<bool>,
    pub(crate) group: Option<usize>,
    pub(crate) name: Option<&'static str>,
    pub(crate) starts_from: Option<i64>,
    pub(crate) ends_until: Option<i64>,
    pub(crate) sort: BadgeSort,
    pub(crate) order: SortOrder,
    pub(crate) page: u32,
    pub(crate) size: u32,
}

/// The steps of one walk: it begins with two badges.
pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let first = |badge| {
        shape().prop_map(move |mut shape| {
            shape.name = NAMES[badge];
            Step::Create {
                badge,
                shape,
                key: None,
            }
        })
    };
    (first(0), first(1), vec(step(), 1..60)).prop_map(|(first, second, mut steps)| {
        steps.splice(0..0, [first, second]);
        steps
    })
}

/// A badge: mostly one of the first two.
pub(crate) fn badge() -> impl Strategy<Value = usize> {
    prop_oneof![5 => Just(0_usize), 4 => Just(1_usize), 1 => 2..BADGES]
}

/// A customer.
pub(crate) fn customer() -> impl Strategy<Value = i64> {
    prop_oneof![3 => 1..4_i64, 1 => 4..8_i64]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (2..BADGES, shape(), key())
            .prop_map(|(badge, shape, key)| Step::Create { badge, shape, key }),
        3 => (badge(), behind(), edit(), key())
            .prop_map(|(badge, behind, edit, key)| Step::Edit { badge, behind, edit, key }),
        8 => vec(wish(), 1..4).prop_map(Step::Enrol),
        2 => wish().prop_map(Step::Preview),
        1 => badge().prop_map(|badge| Step::Find { badge }),
        3 => query().prop_map(Step::List),
        1 => (0..24_u8).prop_map(|id| Step::Request { id }),
        1 => (0..4_u8).prop_map(|key| Step::Recall { key }),
        1 => Just(Step::Sweep),
        1 => (-30..50_i64).prop_map(|until| Step::Expire { until }),
        1 => Just(Step::FindAll),
        1 => (0..4_u8).prop_map(|key| Step::Remember { key }),
        14 => earning::steps().prop_map(Step::Earning),
        6 => catalogue::steps().prop_map(Step::Catalogue),
        6 => holdings::steps().prop_map(Step::Holdings),
        2 => people::steps().prop_map(Step::People),
    ]
}

pub(crate) fn key() -> impl Strategy<Value = Option<u8>> {
    option::weighted(0.15, 0..4_u8)
}

/// How many versions ago something was decided: mostly none.
pub(crate) fn behind() -> impl Strategy<Value = usize> {
    prop_oneof![12 => Just(0_usize), 1 => 1..3_usize]
}

pub(crate) fn owner() -> impl Strategy<Value = OwnerType> {
    select(OWNERS)
}

fn shape() -> impl Strategy<Value = Shape> {
    let times = (-48..12_i64, 1..96_i64);
    let owners = vec(owner(), 1..3);
    let mostly = || option::weighted(0.7, Just(())).prop_map(|yes| yes.is_some());
    let what = (select(NAMES), mostly(), mostly(), owners, times);
    let limits = (constraints(Scope::Customer), constraints(Scope::Badge));
    let place = (option::of(1..3_i64), option::of(0..CATALOGUE));
    (what, limits, place).prop_map(
        |((name, direct, active, owners, (starts, length)), limits, (rank, group))| Shape {
            name,
            direct,
            active,
            owners,
            starts,
            ends: starts + length,
            customer_constraints: limits.0,
            badge_constraints: limits.1,
            rank,
            group,
        },
    )
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (owner(), 0..3_u8, any::<bool>()).prop_map(|(owner, reference, active)| Edit::Claim {
            owner,
            reference,
            active
        }),
        any::<bool>().prop_map(Edit::Activity),
        (shape(), option::of(any::<bool>()))
            .prop_map(|(shape, active)| Edit::Definition(Box::new(shape), active)),
    ]
}

fn wish() -> impl Strategy<Value = Wish> {
    let customers = btree_set(customer(), 1..5).prop_map(|set| set.into_iter().collect());
    let length = prop_oneof![1..40_i64, 40..4000_i64];
    let hold = (-60..60_i64, length);
    (
        badge(),
        behind(),
        0..24_u8,
        key(),
        customers,
        any::<bool>(),
        hold,
    )
        .prop_map(
            |(badge, behind, id, key, customers, reversed, (from, length))| {
                let mut customers: Vec<i64> = customers;
                if reversed {
                    customers.reverse();
                }
                Wish {
                    badge,
                    behind,
                    id,
                    key,
                    customers,
                    from,
                    length,
                }
            },
        )
}

fn query() -> impl Strategy<Value = Query> {
    let filters = (
        vec(select(BadgeStatus::ALL), 0..3),
        option::weighted(0.2, select(EarnType::ALL)),
        option::weighted(0.2, any::<bool>()),
        option::weighted(0.2, owner()),
        option::weighted(0.2, owner()),
        (
            option::weighted(0.2, any::<bool>()),
            option::weighted(0.1, 0..CATALOGUE),
        ),
        option::weighted(0.3, select(&["", "O", "ÄR", "%", "_", "gold", "e"][..])),
        option::weighted(0.2, -48..48_i64),
        option::weighted(0.2, -48..96_i64),
    );
    let sorts = select(&[BadgeSort::Id, BadgeSort::Name, BadgeSort::StartDate][..]);
    let orders = select(&[SortOrder::Ascending, SortOrder::Descending][..]);
    (filters, sorts, orders, 0..3_u32, 1..4_u32).prop_map(|(filters, sort, order, page, size)| {
        let (statuses, earn_type, active, owner, claimed_by, (unclaimed, group), name, from, until) =
            filters;
        Query {
            statuses,
            earn_type,
            active,
            owner,
            claimed_by,
            unclaimed,
            group,
            name,
            starts_from: from,
            ends_until: until,
            sort,
            order,
            page,
            size,
        }
    })
}
