//! What a change was decided from, where it must not be carried out if that has changed.

use accolade_domain::instant::Instant;
use accolade_domain::rejection::{Code, Rejection};
use serde::{Deserialize, Serialize};

use super::HeldCommand;
use crate::access::Caller;
use crate::badges::etag;
use crate::error::UseCaseError;
use crate::ports::{Ports, RulesVersion};

/// What a change was decided from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Basis {
    /// Nothing that must stay: all checks are made again, and that is enough.
    #[default]
    Nothing,
    /// A badge with this entity tag.
    Badge(String),
    /// A file of so many parts and bytes, of the job that was created at this moment: what has its id once
    /// it was deleted is another job.
    File(usize, u64, Option<Instant>),
    /// The rules of this version.
    Rules(RulesVersion),
}

impl Basis {
    /// That of `command`, as it is now.
    ///
    /// # Errors
    /// The store failed.
    pub(super) fn of(
        ports: &Ports,
        caller: &Caller,
        command: &HeldCommand,
    ) -> Result<Self, UseCaseError> {
        let badge = match command {
            HeldCommand::UpdateBadge(it) => it.badge,
            HeldCommand::SetActivity(it) => it.badge,
            HeldCommand::StartJob(it) => {
                let file = ports.stores.jobs.parts(caller.org, &it.job)?;
                let bytes = file.iter().map(|part| u64::from(part.bytes)).sum();
                let found = ports.stores.jobs.job(caller.org, &it.job)?;
                let created_on = found.map(|it| it.job.created_on);
                return Ok(Self::File(file.len(), bytes, created_on));
            }
            HeldCommand::Rules(_) => {
                return Ok(Self::Rules(ports.stores.changes.rules(caller.org)?.version));
            }
            _ => return Ok(Self::Nothing),
        };
        let found = ports.stores.badges.find(caller.org, badge)?;
        let tag = found.map(|found| etag(&found.badge)).transpose()?;
        Ok(tag.map_or(Self::Nothing, Self::Badge))
    }

    /// # Errors
    /// 1968 if that of `command` is another one by now; the store failed.
    pub(super) fn check(
        &self,
        ports: &Ports,
        caller: &Caller,
        command: &HeldCommand,
    ) -> Result<(), UseCaseError> {
        if *self == Self::of(ports, caller, command)? {
            Ok(())
        } else {
            Err(Rejection::new(Code::Stale).into())
        }
    }

    /// The same once it was carried out, of what only then nobody can change any more.
    ///
    /// # Errors
    /// Those of [`check`](Self::check).
    pub(super) fn check_once_done(
        &self,
        ports: &Ports,
        caller: &Caller,
        command: &HeldCommand,
    ) -> Result<(), UseCaseError> {
        match self {
            Self::File(..) => self.check(ports, caller, command),
            Self::Nothing | Self::Badge(_) | Self::Rules(_) => Ok(()),
        }
    }

    /// The entity tag that the badge must still have when it is written.
    pub(super) fn tag(&self) -> Option<&str> {
        match self {
            Self::Badge(tag) => Some(tag),
            Self::Nothing | Self::File(..) | Self::Rules(_) => None,
        }
    }
}
