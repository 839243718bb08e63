//! Groups of badges: created, changed, looked up and removed.

use accolade_domain::badge::Rank;
use accolade_domain::catalogue::{Group, GroupChange};
use accolade_domain::ids::GroupId;
use accolade_domain::rejection::Code;
use accolade_domain::text::Name;
use anyhow::anyhow;

use crate::access::Caller;
use crate::answer::Answer;
use crate::catalogue::{ATTEMPTS, not_found, refused};
use crate::error::UseCaseError;
use crate::ports::{IdempotencyGuard, IdempotencyRecord, Page, PageOf, Ports};

/// A group to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateGroup {
    /// Its name.
    pub name: Name,
    /// Its rank.
    pub rank: Rank,
    /// The caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyGuard>,
}

/// A change of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateGroup {
    /// The group.
    pub group: GroupId,
    /// The change.
    pub change: GroupChange,
    /// The caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyGuard>,
}

/// Creates a group.
///
/// # Errors
/// 733 if an active group has its name.
pub fn create_group(
    ports: &Ports,
    caller: &Caller,
    command: CreateGroup,
) -> Result<Answer, UseCaseError> {
    let now = ports.clock.now();
    let group = Group {
        id: ports.ids.object_id().into(),
        org: caller.org,
        name: command.name,
        rank: command.rank,
        active: true,
        created_on: now,
        created_by: caller.actor,
        updated_on: now,
        updated_by: caller.actor,
    };
    let answer = Answer::Group(group.clone());
    let record = command.idempotency.map(|guard| IdempotencyRecord {
        guard,
        answer: answer.clone(),
    });
    match ports.stores.catalogue.create_group(&group, record.as_ref()) {
        Ok(()) => Ok(answer),
        Err(error) => Err(refused(error, Code::GroupNameTaken)
            .unwrap_or_else(|| UseCaseError::unexpected(anyhow!("a new group had changed")))),
    }
}

/// Changes a group.
///
/// # Errors
/// 404 if there is none or it was removed; 733.
pub fn update_group(
    ports: &Ports,
    caller: &Caller,
    command: &UpdateGroup,
) -> Result<Answer, UseCaseError> {
    let UpdateGroup {
        group,
        change,
        idempotency,
    } = command;
    save(ports, caller, *group, idempotency.as_ref(), |before| {
        before.changed(change.clone(), ports.clock.now(), caller.actor)
    })
}

/// Removes a group: badges keep their rank and lose it.
///
/// # Errors
/// 404 if there is none or it was removed before.
pub fn remove_group(
    ports: &Ports,
    caller: &Caller,
    group: GroupId,
) -> Result<Answer, UseCaseError> {
    save(ports, caller, group, None, |before| {
        before.removed(ports.clock.now(), caller.actor)
    })
}

/// One group.
///
/// # Errors
/// 404 if there is none or it was removed.
pub fn group(ports: &Ports, caller: &Caller, group: GroupId) -> Result<Group, UseCaseError> {
    ports
        .stores
        .catalogue
        .group(caller.org, group)?
        .filter(|group| group.active)
        .ok_or_else(|| not_found("Badge group", group).into())
}

/// The org's groups, by rank.
///
/// # Errors
/// The store failed.
pub fn groups(ports: &Ports, caller: &Caller, page: PageOf) -> Result<Page<Group>, UseCaseError> {
    Ok(ports.stores.catalogue.groups(caller.org, page)?)
}

fn save(
    ports: &Ports,
    caller: &Caller,
    id: GroupId,
    idempotency: Option<&IdempotencyGuard>,
    change: impl Fn(&Group) -> Group,
) -> Result<Answer, UseCaseError> {
    for _ in 0..ATTEMPTS {
        let before = group(ports, caller, id)?;
        let after = change(&before);
        let answer = Answer::Group(after.clone());
        let record = idempotency.map(|guard| IdempotencyRecord {
            guard: guard.clone(),
            answer: answer.clone(),
        });
        match ports
            .stores
            .catalogue
            .save_group(&before, &after, record.as_ref())
        {
            Ok(()) => return Ok(answer),
            Err(error) => {
                if let Some(failure) = refused(error, Code::GroupNameTaken) {
                    return Err(failure);
                }
            }
        }
    }
    Err(UseCaseError::unexpected(anyhow!(
        "group {id} changed {ATTEMPTS} times in a row"
    )))
}
