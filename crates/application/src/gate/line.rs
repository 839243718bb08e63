//! A line in which orgs take turns.

use std::collections::{HashMap, VecDeque};

use accolade_domain::ids::OrgId;

/// What waits, each for an org or for nobody in particular: orgs take turns, and what waits for one of
/// them goes in the order of arrival.
///
/// So whoever comes waits for at most one of each other org, however many each of them has there.
#[derive(Debug)]
pub(super) struct Line<T> {
    waiting: HashMap<Option<OrgId>, VecDeque<T>>,
    /// The orgs for which something waits, each once.
    orgs: VecDeque<Option<OrgId>>,
    len: usize,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self {
            waiting: HashMap::new(),
            orgs: VecDeque::new(),
            len: 0,
        }
    }
}

impl<T> Line<T> {
    /// Puts `it` at the end of its org's.
    pub(super) fn push(&mut self, org: Option<OrgId>, it: T) {
        let of_org = self.waiting.entry(org).or_default();
        if of_org.is_empty() {
            self.orgs.push_back(org);
        }
        of_org.push_back(it);
        self.len += 1;
    }

    /// Takes what is next: the first of the org that had no turn for the longest.
    pub(super) fn pop(&mut self) -> Option<T> {
        let org = self.orgs.pop_front()?;
        let of_org = self.waiting.get_mut(&org)?;
        let next = of_org.pop_front();
        if of_org.is_empty() {
            self.waiting.remove(&org);
        } else {
            self.orgs.push_back(org);
        }
        self.len -= 1;
        next
    }

    /// How much waits.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing waits.
    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How much waits for an org.
    pub(super) fn len_of(&self, org: Option<OrgId>) -> usize {
        self.waiting.get(&org).map_or(0, VecDeque::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn org(number: i64) -> OrgId {
        number.try_into().unwrap()
    }

    #[test]
    fn orgs_take_turns_and_each_is_served_in_the_order_of_arrival() {
        let mut line = Line::default();
        for it in ["a1", "a2", "a3"] {
            line.push(Some(org(1)), it);
        }
        line.push(Some(org(2)), "b1");
        line.push(None, "-1");
        line.push(Some(org(2)), "b2");
        assert_eq!(
            (
                line.len(),
                line.len_of(Some(org(1))),
                line.len_of(Some(org(3)))
            ),
            (6, 3, 0)
        );
        let order: Vec<_> = std::iter::from_fn(|| line.pop()).collect();
        assert_eq!(order, ["a1", "b1", "-1", "a2", "b2", "a3"]);
        assert!(line.is_empty());
    }

    #[test]
    fn who_comes_late_waits_for_one_of_each_org_that_has_many() {
        let mut line = Line::default();
        for it in 0..1_000 {
            line.push(Some(org(1)), it);
        }
        assert_eq!(line.pop(), Some(0));
        line.push(Some(org(2)), 7_000);
        assert_eq!(
            [line.pop(), line.pop(), line.pop()],
            [Some(1), Some(7_000), Some(2)]
        );
    }
}
