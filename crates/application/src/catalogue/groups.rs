//! Groups of badges: created, changed, looked up and removed.

use accolade_domain::audit::telling;
use accolade_domain::badge::Rank;
use accolade_domain::catalogue::{Group, GroupChange};
use accolade_domain::ids::GroupId;
use accolade_domain::rejection::Code;
use accolade_domain::text::Name;
use anyhow::anyhow;

use crate::access::Caller;
use crate::answer::Answer;
use crate::approvals::Approval;
use crate::catalogue::{not_found, refused};
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{Page, PageOf, Ports};
use crate::request::Request;
use crate::turns::MOST_ROUNDS;

/// Creates a group.
///
/// Refused with 733 if an active group has its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateGroup {
    /// Its name.
    pub name: Name,
    /// Its rank.
    pub rank: Rank,
}

/// Changes a group.
///
/// Refused with 404 if there is none or it was removed; 733.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateGroup {
    /// The group.
    pub group: GroupId,
    /// The change.
    pub change: GroupChange,
}

/// Removes a group: badges keep their rank and lose it.
///
/// Refused with 404 if there is none or it was removed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoveGroup {
    /// The group.
    pub group: GroupId,
}

impl Command for CreateGroup {
    const APPROVAL: Approval<Self> =
        Approval::Exempt("it changes in which order badges are shown, and nothing else");

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let (now, caller) = (ports.clock.now(), &request.caller);
        let group = Group {
            id: ports.ids.object_id().into(),
            org: caller.org,
            name: self.name,
            rank: self.rank,
            active: true,
            created_on: now,
            created_by: caller.actor,
            updated_on: now,
            updated_by: caller.actor,
        };
        let answer = Answer::Group(group.clone());
        let record = request.record(&answer);
        let told = [telling::group_created(&group, &request.attribution(now))];
        match (ports.stores.catalogue).create_group(&group, record.as_ref(), &told) {
            Ok(()) => Ok(answer),
            Err(error) => Err(refused(error, Code::GroupNameTaken)
                .unwrap_or_else(|| UseCaseError::unexpected(anyhow!("a new group had changed")))),
        }
    }
}

impl Command for UpdateGroup {
    const APPROVAL: Approval<Self> =
        Approval::Exempt("it changes in which order badges are shown, and nothing else");

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        save(ports, request, self.group, Some(&self.change))
    }
}

impl Command for RemoveGroup {
    const APPROVAL: Approval<Self> =
        Approval::Exempt("it changes in which order badges are shown, and nothing else");

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        save(ports, request, self.group, None)
    }
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

/// Makes `change` of the group `id`, or removes it if there is none.
fn save(
    ports: &Ports,
    request: &Request,
    id: GroupId,
    change: Option<&GroupChange>,
) -> Result<Answer, UseCaseError> {
    let caller = &request.caller;
    let _turn = ports.turns.wait([(caller.org, id.0)]);
    for _ in 0..MOST_ROUNDS {
        let before = group(ports, caller, id)?;
        let now = ports.clock.now();
        let after = match change {
            Some(change) => before.changed(change.clone(), now, caller.actor),
            None => before.removed(now, caller.actor),
        };
        let answer = Answer::Group(after.clone());
        let record = request.record(&answer);
        let told = telling::group_changed(&before, &after, &request.attribution(now));
        let catalogue = &ports.stores.catalogue;
        match catalogue.save_group(&before, &after, record.as_ref(), told.as_slice()) {
            Ok(()) => return Ok(answer),
            Err(error) => {
                if let Some(failure) = refused(error, Code::GroupNameTaken) {
                    return Err(failure);
                }
            }
        }
    }
    Err(UseCaseError::overtaken(format_args!("group {id}")))
}
