//! Lists that are shown in pages: which end comes first, and which part is shown.

use std::cmp::Ordering;

/// Which end of a sorted list comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SortOrder {
    /// The greatest.
    #[default]
    Descending,
    /// The least.
    Ascending,
}

impl SortOrder {
    /// Compares two sort keys in this order. An item without a key comes last in either order.
    pub fn compare<K: Ord>(self, a: Option<K>, b: Option<K>) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) => match self {
                Self::Ascending => a.cmp(&b),
                Self::Descending => b.cmp(&a),
            },
            (a, b) => b.is_some().cmp(&a.is_some()),
        }
    }
}

/// Which page of a list, from 0, and how many items a page has: at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageOf {
    /// Which.
    pub page: u32,
    /// How many.
    pub size: u32,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items of the page; none past the end of the list.
    pub items: Vec<T>,
    /// How many items there are on all pages.
    pub total: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_key_comes_last_in_either_order() {
        let keys = [Some(1), Some(2), None];
        for (order, sorted) in [
            (SortOrder::Ascending, [Some(1), Some(2), None]),
            (SortOrder::Descending, [Some(2), Some(1), None]),
        ] {
            let mut keys = keys;
            keys.sort_by(|a, b| order.compare(*a, *b));
            assert_eq!(keys, sorted);
        }
    }
}
