//! People: customers who become one, and customers who are forgotten.
//!
//! Both have the lock of the org's people alone ([`sql`]): nothing about customers is recorded meanwhile,
//! so the rows that they move, or take away, are all there are.

mod erase;
mod merge;
pub(crate) mod sql;

use std::collections::BTreeMap;

use accolade_application::ports::{EraseRequest, MergeError, MergeRequest, People, StoreError};
use accolade_domain::ids::{CustomerId, OrgId};

use crate::feed::sql::FeedConnection;
use crate::recording::sql::RecordingSql;
use crate::retry::nobody_knows;
use crate::store::Store;
use crate::stores::DirectorySql;

/// For how many customers it is worth while to ask first whether anybody of their org ever was merged.
const MANY: usize = 100;

/// A connection on which customers are merged and forgotten.
pub(crate) trait PeopleConnection: RecordingSql + FeedConnection + DirectorySql {}

impl<C> PeopleConnection for C where C: RecordingSql + FeedConnection + DirectorySql {}

impl<C: PeopleConnection> People for Store<C> {
    fn merge(&self, request: &MergeRequest) -> Result<(CustomerId, CustomerId), MergeError> {
        let work = |connection: &mut C| merge::merge(connection, request);
        self.writer.write(work, nobody_knows)
    }

    fn erase(&self, request: &EraseRequest) -> Result<CustomerId, StoreError> {
        erase::erase(self, request)
    }

    fn successors(
        &self,
        org: OrgId,
        customers: &[CustomerId],
    ) -> Result<BTreeMap<CustomerId, CustomerId>, StoreError> {
        if customers.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.reader.query(|connection| {
            if customers.len() >= MANY && !connection.is_any_merged(org)? {
                return Ok(BTreeMap::new());
            }
            let merged = connection.merged_of(org, customers)?;
            let both = merged.into_iter().map(|it| (it.customer, it.successor));
            Ok(both.collect())
        })
    }
}
