//! Changes looked up.

use accolade_domain::approval::{ChangeId, ChangeState, RuledOperation};

use super::effect::{Trial, tried};
use super::view::KnownActors;
use super::vote::maker_request;
use super::{ChangeView, no_such_change};
use crate::access::Caller;
use crate::error::UseCaseError;
use crate::ports::{ChangeCursor, ChangeQuery, Page, Ports, RequestQuery, StoredChange};
use crate::request::Request;
use crate::webhooks::with_checked_receiver;

/// A page of a list of changes, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeList {
    /// The changes; what each would do now is not among it.
    pub changes: Vec<ChangeView>,
    /// What is behind this is on the next page; `None` on the last one.
    pub next: Option<ChangeCursor>,
}

/// The page of the org's changes that `query` asks for.
///
/// # Errors
/// The store failed.
pub fn changes(
    ports: &Ports,
    caller: &Caller,
    query: &ChangeQuery,
) -> Result<ChangeList, UseCaseError> {
    let page = ports.stores.changes.changes(caller.org, query)?;
    Ok(ChangeList {
        changes: views(ports, caller, &page.changes)?,
        next: page.next,
    })
}

/// The page of the org's changes that enrol or let earn, by number, that `query` asks for.
///
/// # Errors
/// The store failed.
pub fn requests(
    ports: &Ports,
    caller: &Caller,
    query: &RequestQuery,
) -> Result<Page<ChangeView>, UseCaseError> {
    let page = ports.stores.changes.requests(caller.org, query)?;
    Ok(Page {
        items: views(ports, caller, &page.items)?,
        total: page.total,
    })
}

fn views(
    ports: &Ports,
    caller: &Caller,
    stored: &[StoredChange],
) -> Result<Vec<ChangeView>, UseCaseError> {
    let of = stored.iter().map(|it| &it.change);
    let actors = KnownActors::of(ports, caller.org, of, &[])?;
    let now = ports.clock.now();
    let views = stored.iter().map(|it| ChangeView::new(it, &actors, now));
    Ok(views.collect())
}

/// One change, and, while it waits, what it would do now.
///
/// # Errors
/// 1962.
pub fn change(
    ports: &Ports,
    caller: &Caller,
    change: ChangeId,
) -> Result<ChangeView, UseCaseError> {
    let found = ports.stores.changes.change(caller.org, change)?;
    let stored = found.ok_or_else(no_such_change)?;
    let actors = KnownActors::of(ports, caller.org, [&stored.change], &[])?;
    let mut view = ChangeView::new(&stored, &actors, ports.clock.now());
    if let (ChangeState::Pending, Some(command)) = (view.state, &stored.command) {
        let request = maker_request(&Request::new(caller.clone()), &stored);
        let ports = with_checked_receiver(ports, Some(command));
        view.now = Some(tried(&ports, &request, command, Trial::Light)?);
    }
    Ok(view)
}

/// A change that enrols or lets earn, as clients of the request workflow know it; `None` if there is none.
///
/// # Errors
/// The store failed.
pub fn request(
    ports: &Ports,
    caller: &Caller,
    change: ChangeId,
) -> Result<Option<ChangeView>, UseCaseError> {
    let found = ports.stores.changes.change(caller.org, change)?;
    let is_request = |it: &StoredChange| {
        matches!(
            it.change.operation,
            RuledOperation::Enrol | RuledOperation::Earn
        )
    };
    let Some(stored) = found.filter(is_request) else {
        return Ok(None);
    };
    Ok(views(ports, caller, std::slice::from_ref(&stored))?.pop())
}
