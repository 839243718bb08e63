//! Short ways to merge customers, and to forget them.

use std::collections::BTreeMap;

use accolade_application::ports::{
    AuditQuery, DirectoryEntry, EraseRequest, Identifiers, MergeError, MergeRequest,
};
use accolade_domain::audit::Entry;
use accolade_domain::identifier::IdentifierKind;
use accolade_domain::ids::CustomerId;

use crate::fixtures::customer;
use crate::{Stores, World};

impl World {
    /// A request to merge the first into the second.
    pub(crate) fn merging(&self, from: i64, to: i64) -> MergeRequest {
        MergeRequest {
            org: self.tenant.org,
            from: customer(from),
            to: customer(to),
            reason: Some("the same person".try_into().unwrap()),
            by: self.tenant.by(Some("merge")),
            key: None,
        }
    }

    /// Merges the first into the second; gives both.
    pub(crate) fn merge(&self, from: i64, to: i64) -> (i64, i64) {
        merged(&self.stores, &self.merging(from, to)).unwrap()
    }

    /// A request to forget a customer.
    pub(crate) fn erasing(&self, number: i64) -> EraseRequest {
        EraseRequest {
            org: self.tenant.org,
            region: None,
            customer: customer(number),
            by: self.tenant.by(Some("erase")),
        }
    }

    /// Forgets a customer; gives the number.
    pub(crate) fn erase(&self, number: i64) -> i64 {
        let erased = self.stores.people.erase(&self.erasing(number));
        erased.unwrap().get()
    }

    /// The successors of these customers.
    pub(crate) fn successors(&self, numbers: impl IntoIterator<Item = i64>) -> Vec<(i64, i64)> {
        let customers: Vec<CustomerId> = numbers.into_iter().map(customer).collect();
        let people = &self.stores.people;
        let found: BTreeMap<_, _> = people.successors(self.tenant.org, &customers).unwrap();
        found
            .into_iter()
            .map(|(of, it)| (of.get(), it.get()))
            .collect()
    }

    /// Gives a customer an e-mail address and a card.
    pub(crate) fn call(&self, number: i64, email: Option<&str>, card: Option<&str>) {
        let entry = DirectoryEntry {
            customer: customer(number),
            identifiers: Identifiers {
                email: email.map(|it| it.try_into().unwrap()),
                card_number: card.map(|it| it.try_into().unwrap()),
                ..Identifiers::default()
            },
        };
        let directory = &self.stores.directory;
        let by = self.tenant.by(None);
        directory.put(self.tenant.org, &[entry], &by, None).unwrap();
    }

    /// Who is called so.
    pub(crate) fn called(&self, kind: IdentifierKind, text: &str) -> Option<i64> {
        let directory = &self.stores.directory;
        let found = directory.resolve(self.tenant.org, kind, &[text.to_owned()]);
        found.unwrap()[0].map(CustomerId::get)
    }

    /// The entries of the audit trail about this thing, the newest first.
    pub(crate) fn trail_of(&self, id: &str) -> Vec<Entry> {
        let query = AuditQuery {
            entity_id: Some(id.to_owned()),
            limit: 100,
            ..AuditQuery::default()
        };
        let page = self.stores.audit.entries(self.tenant.org, &query).unwrap();
        page.entries.into_iter().map(|it| it.entry).collect()
    }
}

/// Merges by way of `stores`; gives both customers.
pub(crate) fn merged(stores: &Stores, request: &MergeRequest) -> Result<(i64, i64), MergeError> {
    let both = stores.people.merge(request)?;
    Ok((both.0.get(), both.1.get()))
}
