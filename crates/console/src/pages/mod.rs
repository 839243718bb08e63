//! The pages, a file for each thing that they are about.

mod account;
mod badges;
mod catalogue;
mod confirm;
mod customers;
mod difference;
mod jobs;
mod provider;
mod search;
mod sign_in;

mod access;
mod approvals;
mod audit;
mod webhooks;

use crate::router::Page;

/// Every page and every form that there is.
pub(crate) fn all() -> Vec<Page> {
    let mut pages = sign_in::pages();
    pages.extend(provider::pages());
    pages.extend(account::pages());
    pages.extend(search::pages());
    pages.extend(customers::pages());
    pages.extend(badges::pages());
    pages.extend(catalogue::pages());
    pages.extend(jobs::pages());
    pages.extend(approvals::pages());
    pages.extend(audit::pages());
    pages.extend(webhooks::pages());
    pages.extend(access::pages());
    pages
}
