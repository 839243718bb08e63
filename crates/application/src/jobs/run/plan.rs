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

/// The most rows of a chunk of a job that does `operation`: what is shared with others (SQLite's one
/// writer, the locks of a badge) is held for as long as these take.
///
/// It is kept with the job, as a chunk that is begun again must be the same rows. What is below is not:
/// who changes what a chunk is, or which requests its rows become, must still carry out as before what
/// an earlier release has created.
pub(in super::super) const fn rows_of_a_chunk(operation: JobOperation) -> u32 {
    match operation {
        JobOperation::Enrol => 10_000,
        JobOperation::Earn
        | JobOperation::Import
        | JobOperation::RevokeEnrolments
        | JobOperation::RevokeEarns => 5_000,
        JobOperation::Customers => 2_000,
    }
}

/// The most requests of a chunk that are executed one by one, each a transaction: a chunk must not take
/// so long that nobody else has a turn, or that it is noticed late that the job was cancelled.
const MOST_REQUESTS: usize = 200;

/// How much more may be in a chunk. It depends on rows as they are read and on nothing else.
pub(super) struct RowBudget {
    operation: JobOperation,
    /// How many more rows there may be.
    rows: u32,
    requests: usize,
    /// Of each badge, what the last row has in common with the next if they are one request.
    last: HashMap<BadgeId, (Option<Instant>, Option<Owner>)>,
}

impl RowBudget {
    /// That of a chunk that may have so many rows.
    pub(super) fn new(operation: JobOperation, rows: u32) -> Self {
        Self {
            operation,
            rows,
            requests: 0,
            last: HashMap::new(),
        }
    }

    pub(super) fn is_spent(&self) -> bool {
        self.rows == 0 || self.requests >= MOST_REQUESTS
    }

    pub(super) fn spend(&mut self, row: &JobRow) {
        self.rows -= 1;
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

#[cfg(test)]
mod tests {
    use accolade_domain::fixtures::customer;

    use super::*;

    /// Rows by their badge, customer and terms, as groups by what they say and the positions of their
    /// rows.
    type Seen = Vec<Vec<(u8, char, Vec<usize>)>>;

    fn badge(number: u8) -> BadgeId {
        accolade_domain::ids::ObjectId::from_bytes([number; 12]).into()
    }

    fn seen(sets: Vec<Vec<Group<char>>>) -> Seen {
        let group = |group: Group<char>| {
            let rows = group.members.iter().map(|(position, _)| *position);
            (group.badge.0.as_bytes()[0], group.terms, rows.collect())
        };
        let sets = sets.into_iter();
        sets.map(|set| set.into_iter().map(group).collect())
            .collect()
    }

    fn rows(all: &[(u8, i64, char)]) -> Vec<(usize, BadgeId, CustomerId, char)> {
        let all = all.iter().enumerate();
        all.map(|(place, (number, of, terms))| (place, badge(*number), customer(*of), *terms))
            .collect()
    }

    #[test]
    fn rows_with_everything_in_common_are_one_request_wherever_they_stand() {
        let all = rows(&[(1, 1, 'a'), (2, 1, 'a'), (1, 2, 'b'), (1, 3, 'a')]);
        let expected: Seen = vec![vec![
            (1, 'a', vec![0, 3]),
            (2, 'a', vec![1]),
            (1, 'b', vec![2]),
        ]];
        assert_eq!(seen(by_customer(all)), expected);
    }

    #[test]
    fn a_customers_rows_of_a_badge_follow_each_other() {
        let all = rows(&[(1, 1, 'a'), (1, 1, 'b'), (1, 2, 'b'), (1, 1, 'a')]);
        let expected: Seen = vec![
            vec![(1, 'a', vec![0]), (1, 'b', vec![2])],
            vec![(1, 'b', vec![1])],
            vec![(1, 'a', vec![3])],
        ];
        assert_eq!(seen(by_customer(all)), expected);
    }

    #[test]
    fn where_all_rows_of_a_badge_meet_they_keep_their_order() {
        let all = rows(&[
            (1, 1, 'a'),
            (2, 1, 'b'),
            (1, 2, 'a'),
            (1, 3, 'b'),
            (1, 4, 'a'),
        ]);
        let expected: Seen = vec![
            vec![(1, 'a', vec![0, 2]), (1, 'b', vec![3]), (1, 'a', vec![4])],
            vec![(2, 'b', vec![1])],
        ];
        assert_eq!(seen(in_order(all.clone(), |_| ())), expected);
        let expected: Seen = vec![
            vec![(1, 'a', vec![0, 2])],
            vec![(2, 'b', vec![1])],
            vec![(1, 'b', vec![3])],
            vec![(1, 'a', vec![4])],
        ];
        assert_eq!(seen(in_order(all, |terms| *terms)), expected);
    }

    #[test]
    fn a_customer_who_comes_again_begins_another_transaction() {
        let all = rows(&[(1, 1, 'a'), (1, 2, 'a'), (1, 1, 'a'), (1, 2, 'a')]);
        let expected: Seen = vec![vec![(1, 'a', vec![0, 1])], vec![(1, 'a', vec![2, 3])]];
        assert_eq!(seen(in_order(all, |_| ())), expected);
    }
}
