//! What a wish to merge two customers means.

use crate::ids::CustomerId;

/// A number that was merged into another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Merged {
    /// The number.
    pub customer: CustomerId,
    /// The one that it was merged into.
    pub into: CustomerId,
    /// The one that it stands for now: the other, or whomever that one was merged into since.
    pub successor: CustomerId,
}

/// What a wish to merge means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merging {
    /// Everything of the first is to be the second's: both as they are now, whoever was named.
    Of {
        /// The first.
        from: CustomerId,
        /// The second.
        to: CustomerId,
    },
    /// It was done: this is what was answered.
    Done {
        /// The first.
        from: CustomerId,
        /// The second.
        to: CustomerId,
    },
    /// Both are one person, and nobody has said it this way round.
    OnePerson,
}

impl Merging {
    /// What the wish to merge `from` into `to` means, given who was `merged`: at least what there is
    /// of both, and of all who stand for the same as they do.
    ///
    /// A number that was merged stands for its successor here as everywhere: whoever merges into it
    /// merges into the successor, and whoever merges it further merges the successor.
    ///
    /// ```
    /// use accolade_domain::ids::CustomerId;
    /// use accolade_domain::people::{Merged, Merging};
    ///
    /// let [a, b, c] = [1, 2, 3].map(|number| CustomerId::try_from(number).unwrap());
    /// let merged = [Merged { customer: a, into: b, successor: b }];
    /// let decide = |from, to| Merging::decide(from, to, &merged);
    /// assert_eq!(decide(c, a), Merging::Of { from: c, to: b });
    /// assert_eq!(decide(a, c), Merging::Of { from: b, to: c });
    /// assert_eq!(decide(a, b), Merging::Done { from: a, to: b });
    /// assert_eq!(decide(b, a), Merging::OnePerson);
    /// ```
    pub fn decide(from: CustomerId, to: CustomerId, merged: &[Merged]) -> Self {
        let of = |customer| merged.iter().find(|it| it.customer == customer);
        let now = |customer| of(customer).map_or(customer, |it| it.successor);
        let (first, second) = (now(from), now(to));
        if first != second {
            return Self::Of {
                from: first,
                to: second,
            };
        }
        let mut step = of(from);
        if step.is_some_and(|it| it.into == to) {
            return Self::Done { from, to };
        }
        // As many steps as there are: a chain has no ring.
        for _ in merged {
            match step {
                Some(it) if it.into == second => {
                    return Self::Done {
                        from: it.customer,
                        to: second,
                    };
                }
                Some(it) => step = of(it.into),
                None => break,
            }
        }
        Self::OnePerson
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::customer;

    /// Merges as `wishes` say, one after the other; gives what each of them meant.
    fn merged(wishes: &[(i64, i64)]) -> (Vec<Merging>, Vec<Merged>) {
        let mut all: Vec<Merged> = Vec::new();
        let mut meant = Vec::new();
        for (from, to) in wishes {
            let merging = Merging::decide(customer(*from), customer(*to), &all);
            if let Merging::Of { from, to } = merging {
                for it in all.iter_mut().filter(|it| it.successor == from) {
                    it.successor = to;
                }
                all.push(Merged {
                    customer: from,
                    into: to,
                    successor: to,
                });
            }
            meant.push(merging);
        }
        (meant, all)
    }

    fn done(from: i64, to: i64) -> Merging {
        Merging::Done {
            from: customer(from),
            to: customer(to),
        }
    }

    fn of(from: i64, to: i64) -> Merging {
        Merging::Of {
            from: customer(from),
            to: customer(to),
        }
    }

    #[test]
    fn who_was_merged_stands_at_the_end_of_the_chain() {
        let (meant, all) = merged(&[(1, 2), (2, 3), (4, 1)]);
        assert_eq!(meant, [of(1, 2), of(2, 3), of(4, 3)]);
        assert!(all.iter().all(|it| it.successor == customer(3)));
    }

    #[test]
    fn a_wish_that_comes_again_is_answered_as_the_first_time() {
        let (meant, _) = merged(&[(1, 2), (1, 2), (2, 3), (1, 2), (2, 3), (1, 3)]);
        let again = [of(1, 2), done(1, 2), of(2, 3), done(1, 2), done(2, 3)];
        assert_eq!(meant[..5], again);
        assert_eq!(meant[5], done(2, 3));
        let (meant, _) = merged(&[(1, 2), (4, 1), (4, 1)]);
        assert_eq!(meant[1..], [of(4, 2), done(4, 2)]);
        let (meant, _) = merged(&[(1, 2), (1, 3), (1, 3)]);
        assert_eq!(meant[1..], [of(2, 3), done(2, 3)]);
    }

    #[test]
    fn whoever_was_merged_into_is_not_merged_back() {
        let (meant, _) = merged(&[(1, 2), (2, 1), (2, 2), (3, 2), (3, 1)]);
        let expected = [
            of(1, 2),
            Merging::OnePerson,
            Merging::OnePerson,
            of(3, 2),
            done(3, 2),
        ];
        assert_eq!(meant, expected);
    }
}
