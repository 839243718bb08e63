//! A customer: what she can get, what she has, what happened; and what the care desk does for her.

mod badge;
mod deed;
mod overview;
mod revocation;
mod timeline;

pub(crate) use timeline::names;

use accolade_domain::operator::Permission;

use crate::router::{Page, get, post};

pub(super) fn pages() -> Vec<Page> {
    let (look, serve) = (Permission::Look, Permission::Serve);
    vec![
        get(
            "/console/customers/{customer}",
            look,
            overview::show_customer,
        ),
        get(
            "/console/customers/{customer}/timeline",
            look,
            timeline::show_timeline,
        ),
        get(
            "/console/customers/{customer}/badges/{badge}",
            look,
            badge::show_badge,
        ),
        get(
            "/console/customers/{customer}/badges/{badge}/enrol",
            serve,
            deed::ask_to_enrol,
        ),
        post(
            "/console/customers/{customer}/badges/{badge}/enrol",
            serve,
            deed::enrol,
        ),
        get(
            "/console/customers/{customer}/badges/{badge}/earn",
            serve,
            deed::ask_to_earn,
        ),
        post(
            "/console/customers/{customer}/badges/{badge}/earn",
            serve,
            deed::earn,
        ),
        get(
            "/console/customers/{customer}/badges/{badge}/enrolments/{id}/revoke",
            serve,
            revocation::ask_to_revoke_enrolment,
        ),
        post(
            "/console/customers/{customer}/badges/{badge}/enrolments/{id}/revoke",
            serve,
            revocation::revoke_enrolment,
        ),
        get(
            "/console/customers/{customer}/badges/{badge}/earns/{id}/revoke",
            serve,
            revocation::ask_to_revoke_earn,
        ),
        post(
            "/console/customers/{customer}/badges/{badge}/earns/{id}/revoke",
            serve,
            revocation::revoke_earn,
        ),
    ]
}
