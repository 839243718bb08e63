//! Rows of changes to the application's values and back.

use accolade_application::access::AccessGroups;
use accolade_application::approvals::{Basis, Effect, HeldCommand};
use accolade_application::ports::StoredChange;
use accolade_domain::approval::{Change, ChangeId, ChangeState, RuledOperation, Vote};
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_domain::people::Person;
use anyhow::Context as _;
use diesel::prelude::{AsChangeset, Insertable, Queryable};
use uuid::Uuid;

use crate::mapping::{instant, stored};
use crate::schema::changes;
use crate::sealing::Sealing;

/// A row of `changes`, in the order of its columns.
#[derive(Queryable)]
pub(crate) struct ChangeRow {
    org: i64,
    id: Vec<u8>,
    version: i64,
    operation: i16,
    state: i16,
    maker: i64,
    maker_groups: i16,
    created_on: i64,
    expires_on: i64,
    ended_on: Option<i64>,
    approvals: i16,
    votes: String,
    command: Option<Vec<u8>>,
    basis: String,
    foreseen: Option<Vec<u8>>,
    result: Option<Vec<u8>>,
}

/// What votes and time change of a row.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = changes, treat_none_as_null = true)]
pub(crate) struct Progress {
    pub(crate) version: i64,
    pub(crate) state: i16,
    pub(crate) ended_on: Option<i64>,
    pub(crate) votes: String,
    pub(crate) result: Option<Vec<u8>>,
}

/// A row that is new.
#[derive(Insertable)]
#[diesel(table_name = changes)]
pub(crate) struct NewRow {
    org_id: i64,
    id: Vec<u8>,
    operation: i16,
    maker: i64,
    maker_groups: i16,
    created_on: i64,
    expires_on: i64,
    approvals: i16,
    command: Option<Vec<u8>>,
    basis: String,
    foreseen: Option<Vec<u8>>,
    #[diesel(embed)]
    progress: Progress,
}

/// Whose command it is, as it is authenticated.
fn whose(org: OrgId, id: ChangeId) -> Vec<u8> {
    [org.get().to_be_bytes().as_slice(), id.0.as_bytes()].concat()
}

fn sealed(command: &HeldCommand, whose: &[u8], sealing: &Sealing) -> anyhow::Result<Vec<u8>> {
    let json = serde_json::to_vec(command).context("a command that waits")?;
    sealing.seal(&json, whose)
}

fn unsealed(bytes: &[u8], whose: &[u8], sealing: &Sealing) -> anyhow::Result<HeldCommand> {
    let json = sealing.unseal(bytes, whose)?;
    serde_json::from_slice(&json).context("a stored command")
}

fn effect(bytes: &[u8]) -> anyhow::Result<Effect> {
    serde_json::from_slice(bytes).context("a stored effect of a command")
}

impl Progress {
    /// That of `stored` at `version`.
    pub(crate) fn new(stored: &StoredChange, version: i64) -> anyhow::Result<Self> {
        let change = &stored.change;
        let result = stored.result.as_ref().map(serde_json::to_vec);
        Ok(Self {
            version,
            state: change.state.number(),
            ended_on: change.ended_on.map(Instant::unix_micros),
            votes: serde_json::to_string(&change.votes)?,
            result: result.transpose()?,
        })
    }
}

impl NewRow {
    /// That of `stored`.
    pub(crate) fn new(stored: &StoredChange, sealing: &Sealing) -> anyhow::Result<Self> {
        let change = &stored.change;
        let whose = whose(change.org, change.id);
        let command = stored.command.as_ref();
        let foreseen = stored.then.as_ref().map(serde_json::to_vec);
        Ok(Self {
            org_id: change.org.get(),
            id: change.id.0.as_bytes().to_vec(),
            operation: change.operation.number(),
            maker: change.maker.number(),
            maker_groups: stored.groups.bits(),
            created_on: change.created_on.unix_micros(),
            expires_on: change.expires_on.unix_micros(),
            approvals: change.approvals.get().into(),
            command: command.map(|it| sealed(it, &whose, sealing)).transpose()?,
            basis: serde_json::to_string(&stored.basis)?,
            foreseen: foreseen.transpose()?,
            progress: Progress::new(stored, stored.version)?,
        })
    }
}

impl ChangeRow {
    /// The change that is stored so.
    pub(crate) fn change(self, sealing: &Sealing) -> anyhow::Result<StoredChange> {
        let org: OrgId = stored(self.org)?;
        let id = ChangeId(Uuid::from_slice(&self.id).context("a stored id of a change")?);
        let operation = RuledOperation::from_number(self.operation);
        let state = ChangeState::from_number(self.state);
        let whose = whose(org, id);
        let command = self.command.map(|it| unsealed(&it, &whose, sealing));
        let basis: Basis = serde_json::from_str(&self.basis)?;
        Ok(StoredChange {
            change: Change {
                org,
                id,
                operation: operation.context("a stored operation of a change")?,
                state: state.context("a stored state of a change")?,
                maker: stored(self.maker)?,
                created_on: instant(self.created_on)?,
                expires_on: instant(self.expires_on)?,
                approvals: stored(i64::from(self.approvals))?,
                votes: serde_json::from_str(&self.votes)?,
                ended_on: self.ended_on.map(instant).transpose()?,
            },
            version: self.version,
            command: command.transpose()?,
            groups: AccessGroups::from_bits(self.maker_groups),
            basis,
            then: self.foreseen.as_deref().map(effect).transpose()?,
            result: self.result.as_deref().map(effect).transpose()?,
        })
    }
}

/// What of a change may name customers, or say something of them: its id, the command, what it does, and
/// the votes.
pub(crate) type Naming = (
    Vec<u8>,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    String,
);

/// What is left of a change without somebody.
pub(crate) struct Left {
    /// The change.
    pub(crate) id: ChangeId,
    /// Whether it was about nobody else: then nothing is left of what was said beside its votes.
    pub(crate) was_hers_alone: bool,
    pub(crate) row: Naming,
}

/// What is left of `row` without `person`; `None` if it does not name her.
pub(crate) fn without(
    org: OrgId,
    row: &Naming,
    person: &Person,
    sealing: &Sealing,
) -> anyhow::Result<Option<Left>> {
    let (bytes, command, foreseen, result, votes) = row;
    let id = ChangeId(Uuid::from_slice(bytes)?);
    let whose = whose(org, id);
    let left_of = |bytes: &Option<Vec<u8>>| {
        let Some(bytes) = bytes else { return Ok(None) };
        let left = effect(bytes)?.without(person);
        anyhow::Ok(left.map(|left| serde_json::to_vec(&left)).transpose()?)
    };
    let (new_foreseen, new_result) = (left_of(foreseen)?, left_of(result)?);
    let new_command = match command {
        Some(bytes) => unsealed(bytes, &whose, sealing)?.without(person),
        None => None,
    };
    if new_foreseen.is_none() && new_result.is_none() && new_command.is_none() {
        return Ok(None);
    }
    let was_hers_alone = new_command == Some(None);
    let command = match new_command {
        None => command.clone(),
        Some(None) => None,
        Some(Some(left)) => Some(sealed(&left, &whose, sealing)?),
    };
    let votes = if was_hers_alone {
        without_comments(votes)?
    } else {
        votes.clone()
    };
    let row = (
        bytes.clone(),
        command,
        new_foreseen.or_else(|| foreseen.clone()),
        new_result.or_else(|| result.clone()),
        votes,
    );
    Ok(Some(Left {
        id,
        was_hers_alone,
        row,
    }))
}

fn without_comments(votes: &str) -> anyhow::Result<String> {
    let mut votes: Vec<Vote> = serde_json::from_str(votes)?;
    for vote in &mut votes {
        vote.comment = None;
    }
    Ok(serde_json::to_string(&votes)?)
}
