//! Which requests the rows of a chunk become.
//!
//! Rows act one after another, whatever the requests. Rows of different badges do not meet. Of one
//! badge, where there are limits of the badge to share, every row meets every other: earns keep the
//! order of the file, and a request is a stretch of rows that have everything in common. Enrolments
//! meet only those of the same customer: a customer's first row of a badge comes before her second,
//! and apart from that rows go together that have everything in common, wherever they stand.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId};
use accolade_domain::job::{JobOperation, JobSettings};
use accolade_domain::text::Reason;
use foldhash::quality::RandomState;

use super::requests::{RevokeEarnRow, Terms};
use crate::customers::NamedCustomer;
use crate::ports::{JobRow, RowAction};

/// The most rows of a chunk of a job that does `operation`, of which a transaction records so many
/// `enrolments`: what is shared with others (SQLite's one writer, the locks of a badge) is held for as long as
/// these take.
///
/// It is kept with the job, as a chunk that is begun again must be the same rows. What is below is not:
/// who changes what a chunk is, or which requests its rows become, must still carry out as before what
/// an earlier release has created.
pub(in super::super) const fn rows_of_a_chunk(operation: JobOperation, enrolments: u32) -> u32 {
    match operation {
        JobOperation::Enrol => 2 * enrolments,
        JobOperation::Earn
        | JobOperation::Import
        | JobOperation::RevokeEnrolments
        | JobOperation::RevokeEarns => 5_000,
        JobOperation::Customers => 2_000,
    }
}

/// The most rows of a chunk of an earlier release. Its enrolments are one set.
const MOST_OF_ONE_SET: u32 = 10_000;

/// The most rows of a set of enrolments, in chunks of so many rows: a chunk has two, which are recorded at
/// once.
pub(super) const fn most_of_a_set(chunk_rows: u32) -> usize {
    if chunk_rows <= MOST_OF_ONE_SET {
        MOST_OF_ONE_SET as usize
    } else {
        chunk_rows.div_ceil(2) as usize
    }
}

/// The most transactions of a chunk, and the most requests that it tries: a chunk must not take so
/// long that nobody else has a turn, or that it is noticed late that the job was cancelled.
const MOST_STEPS: usize = 200;

/// How much more may be in a chunk. It depends on rows as they are read and on nothing else: what it
/// counts are the groups below, of customers as the rows name them.
pub(super) struct RowBudget {
    operation: JobOperation,
    dry_run: bool,
    /// How many more rows there may be.
    rows: u32,
    steps: usize,
    /// Of each badge, what its last row to earn shares with the next if they are one request, and who
    /// earns in the transaction of both.
    runs: HashMap<BadgeId, (Terms, HashSet<NamedCustomer>)>,
    /// How many rows there were of a customer of a badge.
    turns: HashMap<(BadgeId, NamedCustomer), usize, RandomState>,
    /// The requests of each turn.
    requests: HashSet<(usize, BadgeId, Shared)>,
    most_turns: usize,
    /// What the last row to revoke an earned badge shares with the next if they are revoked together, and
    /// which are revoked with it.
    revocations: Option<(SharedRevocation, HashSet<EarnedBadgeId>)>,
}

/// What earned badges have in common that are revoked together.
type SharedRevocation = (BadgeId, Option<Reason>);

/// What rows have in common that are one request.
#[derive(PartialEq, Eq, Hash)]
enum Shared {
    Enrolment(Terms),
    Revocation(bool, Option<Reason>),
}

impl RowBudget {
    /// That of the chunks of a job with these settings, none of which has begun.
    pub(super) fn new(settings: &JobSettings) -> Self {
        Self {
            operation: settings.operation,
            dry_run: settings.dry_run,
            rows: 0,
            steps: 0,
            runs: HashMap::new(),
            turns: HashMap::default(),
            requests: HashSet::new(),
            most_turns: 0,
            revocations: None,
        }
    }

    /// Begins the next chunk, which may have so many rows. What it took to count the last one is used again.
    pub(super) fn begin(&mut self, rows: u32) {
        self.rows = rows;
        self.steps = 0;
        self.runs.clear();
        self.turns.clear();
        if self.operation == JobOperation::Enrol {
            // As a rule each row of these is another customer's.
            self.turns.reserve(rows as usize);
        }
        self.requests.clear();
        self.most_turns = 0;
        self.revocations = None;
    }

    pub(super) fn is_spent(&self) -> bool {
        self.rows == 0 || self.steps >= MOST_STEPS
    }

    pub(super) fn spend(&mut self, row: &JobRow) {
        self.rows -= 1;
        let Ok(action) = &row.action else { return };
        match action {
            RowAction::Enrol {
                badge,
                customer,
                event_on,
                triggered_by,
            } => {
                let shared = || Shared::Enrolment((*event_on, triggered_by.clone()));
                self.spend_turn(*badge, customer, shared);
            }
            RowAction::RevokeEnrolments {
                badge,
                customer,
                enrolment,
                reason,
            } => {
                let shared = || Shared::Revocation(enrolment.is_some(), reason.clone());
                self.spend_turn(*badge, customer, shared);
            }
            RowAction::Earn {
                badge,
                customer,
                event_on,
                triggered_by,
            } => self.spend_earn(*badge, customer, (*event_on, triggered_by.clone())),
            RowAction::RevokeEarn {
                badge,
                earned,
                reason,
                ..
            } => self.spend_revocation((*badge, reason.clone()), *earned),
            RowAction::Import(_) | RowAction::Customer(_) => {}
        }
    }

    /// As [`by_customer`] groups rows: those of one turn are a transaction where they enrol, or [two at
    /// once](most_of_a_set), which is one step; each of their requests is a step for itself where it is
    /// tried, or revokes.
    fn spend_turn(
        &mut self,
        badge: BadgeId,
        customer: &NamedCustomer,
        shared: impl FnOnce() -> Shared,
    ) {
        let turn = self.turns.entry((badge, customer.clone())).or_default();
        let of_row = *turn;
        *turn += 1;
        if self.operation == JobOperation::Enrol && !self.dry_run {
            if of_row == self.most_turns {
                self.most_turns += 1;
                self.steps += 1;
            }
        } else if self.requests.insert((of_row, badge, shared())) {
            self.steps += 1;
        }
    }

    /// As [`revoked_together`] groups rows: those of one run are a transaction; each is a step for itself
    /// where it is tried.
    fn spend_revocation(&mut self, of_row: SharedRevocation, earned: EarnedBadgeId) {
        if let Some((of_run, seen)) = &mut self.revocations
            && *of_run == of_row
            && seen.insert(earned)
            && !self.dry_run
        {
            return;
        }
        self.steps += 1;
        self.revocations = Some((of_row, HashSet::from([earned])));
    }

    /// As [`in_order`] groups rows: those of one run are a transaction; each of their requests is a step
    /// for itself where it is tried.
    fn spend_earn(&mut self, badge: BadgeId, customer: &NamedCustomer, terms: Terms) {
        if let Some((last, customers)) = self.runs.get_mut(&badge)
            && last.0 == terms.0
            && customers.insert(customer.clone())
        {
            if self.dry_run && *last != terms {
                self.steps += 1;
            }
            *last = terms;
            return;
        }
        self.steps += 1;
        let run = (terms, HashSet::from([customer.clone()]));
        self.runs.insert(badge, run);
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
    let rows = rows.into_iter();
    let most = rows.size_hint().1.unwrap_or_default();
    let mut seen: HashMap<(BadgeId, CustomerId), usize, RandomState> =
        HashMap::with_capacity_and_hasher(most, RandomState::default());
    // Most rows belong where the one before does.
    let mut last = (0, 0);
    for (position, badge, customer, terms) in rows {
        // How many rows of the customer there are before.
        let turn = seen.entry((badge, customer)).or_default();
        let wave = *turn;
        *turn += 1;
        if wave == waves.len() {
            waves.push(Vec::new());
        }
        let groups = &mut waves[wave];
        let before = (wave == last.0).then(|| groups.get(last.1)).flatten();
        if !before.is_some_and(|it| it.badge == badge && it.terms == terms) {
            let place = *(places.entry((wave, badge, terms.clone()))).or_insert_with(|| {
                groups.push(Group {
                    badge,
                    terms,
                    members: Vec::new(),
                });
                groups.len() - 1
            });
            last = (wave, place);
        }
        groups[last.1].members.push((position, customer));
    }
    waves
}

/// Groups that may be executed in any order, in sets of at most `most` rows: what does not fit into one goes
/// on in the next.
pub(super) fn in_sets<T: Clone>(groups: Vec<Group<T>>, most: usize) -> Vec<Vec<Group<T>>> {
    let mut sets = Vec::new();
    let mut set = Vec::new();
    let mut room = most;
    for Group {
        badge,
        terms,
        mut members,
    } in groups
    {
        while !members.is_empty() {
            if room == 0 {
                sets.push(std::mem::take(&mut set));
                room = most;
            }
            let rest = members.split_off(members.len().min(room));
            room -= members.len();
            set.push(Group {
                badge,
                terms: terms.clone(),
                members: std::mem::replace(&mut members, rest),
            });
        }
    }
    if !set.is_empty() {
        sets.push(set);
    }
    sets
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

/// Rows that revoke earned badges together: of one badge, for one reason, each once.
#[derive(Debug)]
pub(super) struct RevokedTogether {
    pub(super) badge: BadgeId,
    pub(super) reason: Option<Reason>,
    /// The position in the chunk, whose, and which.
    pub(super) rows: Vec<(usize, CustomerId, EarnedBadgeId)>,
}

/// Stretches of rows that revoke earned badges together.
pub(super) fn revoked_together(rows: Vec<RevokeEarnRow>) -> Vec<RevokedTogether> {
    let mut runs: Vec<RevokedTogether> = Vec::new();
    let mut seen = HashSet::new();
    for (position, badge, customer, (earned, reason)) in rows {
        let last = runs.last_mut();
        let last = last.filter(|it| it.badge == badge && it.reason == reason);
        if let Some(run) = last.filter(|_| seen.insert(earned)) {
            run.rows.push((position, customer, earned));
            continue;
        }
        seen = HashSet::from([earned]);
        runs.push(RevokedTogether {
            badge,
            reason,
            rows: vec![(position, customer, earned)],
        });
    }
    runs
}

#[cfg(test)]
mod tests {
    use accolade_domain::fixtures::{at, customer, owner};
    use accolade_domain::job::JobFormat;
    use accolade_domain::owner::OwnerType;

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

    /// Jobs keep how many rows a chunk has: what these become must not change under them.
    #[test]
    fn enrolments_of_a_chunk_are_two_sets_and_those_of_an_earlier_release_one() {
        let chunk = |enrolments| rows_of_a_chunk(JobOperation::Enrol, enrolments);
        assert_eq!((chunk(6_000), chunk(10_000)), (12_000, 20_000));
        let sets = [10_000, 12_000, 20_000].map(most_of_a_set);
        assert_eq!(sets, [10_000, 6_000, 10_000]);
    }

    #[test]
    fn a_set_of_groups_has_no_more_rows_than_it_may_have() {
        let group = |terms, positions: std::ops::Range<usize>| Group {
            badge: badge(1),
            terms,
            members: positions.map(|it| (it, customer(1))).collect(),
        };
        let groups = vec![group('a', 0..2), group('b', 2..9), group('c', 9..10)];
        let expected: Seen = vec![
            vec![(1, 'a', vec![0, 1]), (1, 'b', vec![2])],
            vec![(1, 'b', vec![3, 4, 5])],
            vec![(1, 'b', vec![6, 7, 8])],
            vec![(1, 'c', vec![9])],
        ];
        assert_eq!(seen(in_sets(groups, 3)), expected);
        assert_eq!(seen(in_sets(vec![group('a', 0..3)], 3)).len(), 1);
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

    fn settings(operation: JobOperation, dry_run: bool) -> JobSettings {
        JobSettings {
            operation,
            format: JobFormat::Csv,
            badge: None,
            triggered_by: None,
            event_on: None,
            dry_run,
        }
    }

    /// How many of these rows a chunk of at most 5000 has.
    fn taken(settings: &JobSettings, row: impl Fn(i64) -> RowAction) -> i64 {
        let mut budget = RowBudget::new(settings);
        budget.begin(5_000);
        let mut taken = 0;
        while !budget.is_spent() {
            let action = Ok(row(taken));
            budget.spend(&JobRow { line: 1, action });
            taken += 1;
        }
        taken
    }

    /// Enrols, or lets earn, `of` in the second `on`, triggered by what has the reference `by`.
    fn action(operation: JobOperation, of: i64, on: i64, by: i64) -> RowAction {
        let event_on = Some(at("2026-05-01T00:00:00Z") + time::Duration::seconds(on));
        let triggered_by = Some(owner(OwnerType::Loyalty, &by.to_string()));
        let (badge, customer) = (badge(1), customer(of + 1).into());
        match operation {
            JobOperation::Earn => RowAction::Earn {
                badge,
                customer,
                event_on,
                triggered_by,
            },
            _ => RowAction::Enrol {
                badge,
                customer,
                event_on,
                triggered_by,
            },
        }
    }

    #[test]
    fn a_chunk_of_enrolments_ends_where_one_customer_has_too_many_turns() {
        let enrol = JobOperation::Enrol;
        let recorded = settings(enrol, false);
        assert_eq!(taken(&recorded, |row| action(enrol, row, row, row)), 5_000);
        assert_eq!(
            taken(&recorded, |row| action(enrol, row % 9, 0, 0)),
            199 * 9 + 1
        );
        // What is tried is tried request by request.
        let tried = settings(enrol, true);
        assert_eq!(taken(&tried, |row| action(enrol, row, 0, 0)), 5_000);
        assert_eq!(taken(&tried, |row| action(enrol, row, row, 0)), 200);
    }

    #[test]
    fn a_chunk_of_earns_ends_behind_as_many_transactions_as_it_may_have() {
        let earn = JobOperation::Earn;
        let recorded = settings(earn, false);
        // Whoever triggers them, earns of one date are one transaction.
        assert_eq!(taken(&recorded, |row| action(earn, row, 0, row)), 5_000);
        assert_eq!(taken(&recorded, |row| action(earn, row, row, 0)), 200);
        assert_eq!(
            taken(&recorded, |row| action(earn, row % 3, 0, 0)),
            199 * 3 + 1
        );
        let tried = settings(earn, true);
        assert_eq!(taken(&tried, |row| action(earn, row, 0, row)), 200);
    }

    #[test]
    fn a_chunk_of_revocations_ends_behind_as_many_requests_as_it_may_have() {
        let revoking = |row: i64, reason: i64| RowAction::RevokeEnrolments {
            badge: badge(1),
            customer: customer(row + 1).into(),
            enrolment: None,
            reason: reason.to_string().try_into().ok(),
        };
        let enrolments = settings(JobOperation::RevokeEnrolments, false);
        assert_eq!(taken(&enrolments, |row| revoking(row, 0)), 5_000);
        assert_eq!(taken(&enrolments, |row| revoking(row, row)), 200);
        let earns = settings(JobOperation::RevokeEarns, false);
        assert_eq!(taken(&earns, |row| revoking_earn(row, row)), 5_000);
        // Again and again the same one: each is refused by what was done before it.
        assert_eq!(taken(&earns, |row| revoking_earn(row, 7)), 200);
        let tried = settings(JobOperation::RevokeEarns, true);
        assert_eq!(taken(&tried, |row| revoking_earn(row, row)), 200);
    }

    fn earned(number: i64) -> EarnedBadgeId {
        let mut id = [0; 12];
        id[4..].copy_from_slice(&number.to_be_bytes());
        accolade_domain::ids::ObjectId::from_bytes(id).into()
    }

    fn revoking_earn(row: i64, of: i64) -> RowAction {
        RowAction::RevokeEarn {
            badge: badge(1),
            customer: customer(row + 1).into(),
            earned: earned(of),
            reason: None,
        }
    }

    #[test]
    fn earned_badges_are_revoked_together_that_have_badge_and_reason_in_common() {
        let reason = |text: &str| Some(Reason::try_from(text).unwrap());
        let rows = [
            (1, 1, None),
            (1, 2, None),
            (1, 3, reason("x")),
            (1, 4, reason("x")),
            (2, 5, reason("x")),
            (1, 6, reason("x")),
            (1, 7, reason("x")),
            // Once more.
            (1, 6, reason("x")),
        ];
        let rows = rows
            .into_iter()
            .enumerate()
            .map(|(place, (of, number, why))| {
                (place, badge(of), customer(1), (earned(number), why))
            });
        let runs = revoked_together(rows.collect());
        let places = runs
            .iter()
            .map(|run| run.rows.iter().map(|it| it.0).collect());
        let places: Vec<Vec<usize>> = places.collect();
        assert_eq!(
            places,
            [vec![0, 1], vec![2, 3], vec![4], vec![5, 6], vec![7]]
        );
    }
}
