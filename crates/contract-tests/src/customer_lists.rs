//! Asking for a customer's badges.

use accolade_application::ports::{
    CustomerBadge, CustomerBadgeQuery, CustomerBadgeSort, CustomerBadgeType, Page, PageOf,
};
use accolade_domain::badge::Badge;

use crate::World;
use crate::fixtures::{customer, now};

/// All of customer 1's badges of a type, on one page.
pub(crate) fn all(badge_type: CustomerBadgeType) -> CustomerBadgeQuery {
    CustomerBadgeQuery {
        sort: CustomerBadgeSort::ExpiresOn,
        page: PageOf { page: 0, size: 100 },
        ..CustomerBadgeQuery::of(customer(1), badge_type, now())
    }
}

impl World {
    pub(crate) fn customers_page(&self, query: &CustomerBadgeQuery) -> Page<CustomerBadge> {
        let badges = &self.stores.customer_badges;
        badges.list(self.tenant.org, query).unwrap()
    }

    /// The names of the badges that `query` finds, in their order.
    pub(crate) fn names(&self, query: &CustomerBadgeQuery) -> Vec<String> {
        let page = self.customers_page(query);
        let names = page
            .items
            .iter()
            .map(|shown| shown.badge.definition.name.to_string());
        names.collect()
    }

    /// The same in alphabetical order.
    pub(crate) fn sorted_names(&self, query: &CustomerBadgeQuery) -> Vec<String> {
        let mut names = self.names(query);
        names.sort();
        names
    }

    /// Creates a badge after `change`.
    pub(crate) fn badge_like(&self, name: &str, change: impl FnOnce(&mut Badge)) -> Badge {
        let mut badge = self.draft(name);
        change(&mut badge);
        self.create(&badge);
        badge
    }
}
