//! Leases on PostgreSQL: whose clock counts.

use std::time::Duration;

use accolade_application::ports::{LeaseName, Term};
use accolade_domain::fixtures::at;
use uuid::Uuid;

use crate::support::Postgres;

#[test]
fn a_server_whose_clock_is_wrong_takes_and_loses_no_lease_by_that() {
    let database = Postgres::fresh();
    let leases = database.open().stores.leases;
    let term = |holder, now| Term {
        holder: Uuid::from_u128(holder),
        now: at(now),
        length: Duration::from_hours(1),
    };
    let name = [LeaseName::Expiries];
    let late = term(1, "2001-01-01T00:00:00Z");
    assert_eq!(leases.take(&name, 1, &late).unwrap().len(), 1);
    let early = term(2, "2999-01-01T00:00:00Z");
    assert_eq!(leases.take(&name, 1, &early).unwrap(), []);
    assert_eq!(leases.renew(&name, &late).unwrap(), name);
    assert_eq!(leases.count_holders(early.now).unwrap(), 1);
    let long = Duration::from_hours(24);
    assert_eq!(leases.sweep_leases(early.now, long).unwrap(), 0);
}
