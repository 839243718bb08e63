//! Which requests the rows of a chunk become.
//!
//! Rows act one after another, whatever the requests. Rows of different badges do not meet. Of one
//! badge, where there are limits of the badge to share, every row meets every other: earns keep the
//! order of the file, and a request is a stretch of rows that have everything in common. Enrolments
//! meet only those of the same customer: a customer's first row of a badge comes before her second,
//! and apart from that rows go together that have everything in common, wherever they stand.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::instant::Instant;
use accolade_domain::job::JobOperation;
use accolade_domain::owner::Owner;

use crate::ports::{JobRow, RowAction};

/// The most rows of a chunk: what is shared with others (SQLite's one writer, the locks of a badge) is
/// held for as long as these take.
pub(super) const MOST_ROWS: usize = 2_000;

/// The most requests of a chunk that are executed one by one, each a transaction: a chunk must not take
/// so long that nobody else has a turn, or that it is noticed late that the job was cancelled.
const MOST_REQUESTS: usize = 200;

/// How much more may be in a chunk. It depends on rows as they are read and on nothing else.
pub(super) struct RowBudget {
    operation: JobOperation,
    rows: usize,
    requests: usize,
    /// Of each badge, what the last row has in common with the next if they are one request.
    last: HashMap<BadgeId, (Option<Instant>, Option<Owner>)>,
}

impl RowBudget {
    pub(super) fn new(operation: JobOperation) -> Self {
        Self {
            operation,
            rows: 0,
            requests: 0,
            last: HashMap::new(),
        }
    }

    pub(super) fn is_spent(&self) -> bool {
        self.rows >= MOST_ROWS || self.requests >= MOST_REQUESTS
    }

    pub(super) fn spend(&mut self, row: &JobRow) {
        self.rows += 1;
        match (self.operation, &row.action) {
            (JobOperation::RevokeEarns, Ok(_)) => self.requests += 1,
            (
                JobOperation::Earn,
                Ok(RowAction::Earn {
                    badge,
                    event_on,
                    triggered_by,
                    ..
                }),
            ) => {
                let terms = (*event_on, triggered_by.clone());
                if self.last.get(badge) != Some(&terms) {
                    self.requests += 1;
                    self.last.insert(*badge, terms);
                }
            }
            _ => {}
        }
    }
}

/// A row of a group: its position in the chunk, and the customer.
pub(super) type Member = (usize, CustomerId);

/// Rows that become one request: of one badge, of different customers, with everything else in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group<T> {
    pub(super) badge: BadgeId,
    pub(super) terms: T,
    pub(super) members: Vec<Member>,
}

/// Groups that may be executed in any order and together, one such set after the other. `rows` are
/// positions, badges, customers and terms, in the order of the file.
pub(super) fn by_customer<T: Clone + Eq + Hash>(
    rows: impl IntoIterator<Item = (usize, BadgeId, CustomerId, T)>,
) -> Vec<Vec<Group<T>>> {
    let mut waves: Vec<Vec<Group<T>>> = Vec::new();
    let mut places: HashMap<(usize, BadgeId, T), usize> = HashMap::new();
    let mut seen: HashMap<(BadgeId, CustomerId), usize> = HashMap::new();
    for (position, badge, customer, terms) in rows {
        // How many rows of the customer there are before.
        let turn = seen.entry((badge, customer)).or_default();
        let wave = *turn;
        *turn += 1;
        if wave == waves.len() {
            waves.push(Vec::new());
        }
        let groups = &mut waves[wave];
        let place = *(places.entry((wave, badge, terms.clone()))).or_insert_with(|| {
            groups.push(Group {
                badge,
                terms,
                members: Vec::new(),
            });
            groups.len() - 1
        });
        groups[place].members.push((position, customer));
    }
    waves
}

/// Groups to be executed one after the other, so that rows of one badge act in their order; those beside
/// each other may be executed together, in their order: what `shared` says of their terms is the same
/// for all, and they are of different customers.
pub(super) fn in_order<T: Clone + Eq, S: Eq>(
    rows: impl IntoIterator<Item = (usize, BadgeId, CustomerId, T)>,
    shared: impl Fn(&T) -> S,
) -> Vec<Vec<Group<T>>> {
    let mut runs: Vec<Vec<Group<T>>> = Vec::new();
    // Of each badge, its last run, and whom it is about.
    let mut last: HashMap<BadgeId, (usize, HashSet<CustomerId>)> = HashMap::new();
    for (position, badge, customer, terms) in rows {
        let member = (position, customer);
        let joined = last.get_mut(&badge).and_then(|(run, customers)| {
            let run = runs.get_mut(*run)?;
            let before = run.last_mut()?;
            let may_join = shared(&before.terms) == shared(&terms) && customers.insert(customer);
            may_join.then_some(run)
        });
        let Some(run) = joined else {
            last.insert(badge, (runs.len(), HashSet::from([customer])));
            runs.push(vec![Group {
                badge,
                terms,
                members: vec![member],
            }]);
            continue;
        };
        match run.last_mut() {
            Some(before) if before.terms == terms => before.members.push(member),
            _ => run.push(Group {
                badge,
                terms,
                members: vec![member],
            }),
        }
    }
    runs
}
