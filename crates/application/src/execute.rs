//! The one door to everything that changes something.
//!
//! A [`Command`] is plain data: it can be read, held back, and executed later by somebody else.
//! [`execute`] looks at the idempotency key first, has the command wait where the org's rules say that
//! others have to approve it ([`approvals`](crate::approvals)), executes it else, and gives the answer of
//! the first time to a request that is repeated.

use accolade_domain::rejection::{Code, Rejection};
use anyhow::anyhow;

use crate::answer::Answer;
use crate::approvals::{Approval, RuledCommand, admit};
use crate::error::UseCaseError;
use crate::ports::{IdempotencyGuard, IdempotencyRecord, Ports};
use crate::request::Request;

/// Something to be changed, as plain data.
pub trait Command: Sized {
    /// Whether rules for approval may hold it, and why not.
    const APPROVAL: Approval<Self>;

    /// Whether it can be tried without being recorded.
    const HAS_DRY_RUN: bool = false;

    /// How many customers it is about, as many as it names.
    fn customers(&self) -> usize {
        0
    }

    /// Does it, or only tries it if `request` is a dry run; may add to the warnings of `request`.
    ///
    /// # Errors
    /// Those of the use case.
    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError>;
}

/// A command that could not be read is refused when it is its turn: after its key was looked for.
impl<C: Command> Command for Result<C, UseCaseError> {
    const APPROVAL: Approval<Self> = match C::APPROVAL {
        Approval::Exempt(why) => Approval::Exempt(why),
        Approval::Ruled(operation, _) => Approval::Ruled(operation, ruled::<C>),
    };

    const HAS_DRY_RUN: bool = C::HAS_DRY_RUN;

    fn customers(&self) -> usize {
        self.as_ref().map_or(0, C::customers)
    }

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        self?.run(ports, request)
    }
}

/// The form in which a command is held that could be read.
fn ruled<C: Command>(command: Result<C, UseCaseError>) -> Result<RuledCommand, UseCaseError> {
    match C::APPROVAL {
        Approval::Ruled(_, held) => held(command?),
        Approval::Exempt(why) => Err(UseCaseError::unexpected(anyhow!(
            "held though exempt: {why}"
        ))),
    }
}

/// How a request came by its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Executed {
    /// It was executed now.
    Now {
        /// The answer.
        answer: Answer,
        /// What it warns of.
        warnings: Vec<Rejection>,
    },
    /// It was executed before, under the same idempotency key.
    Replayed(Box<IdempotencyRecord>),
}

impl Executed {
    /// The answer.
    pub const fn answer(&self) -> &Answer {
        match self {
            Self::Now { answer, .. } => answer,
            Self::Replayed(record) => &record.answer,
        }
    }

    /// The answer alone.
    pub fn into_answer(self) -> Answer {
        match self {
            Self::Now { answer, .. } => answer,
            Self::Replayed(record) => record.answer,
        }
    }

    /// What it warns of.
    pub fn warnings(&self) -> &[Rejection] {
        match self {
            Self::Now { warnings, .. } => warnings,
            Self::Replayed(record) => &record.guard.warnings,
        }
    }
}

/// Executes `command` for `request`, once for each idempotency key.
///
/// # Errors
/// 1910 if the key was used for another request; 1967 if a change of the same waits for approval; those of
/// the command, unless it failed because the
/// same request was executed before: then that one's answer is the answer.
pub fn execute<C: Command>(
    ports: &Ports,
    mut request: Request,
    command: C,
) -> Result<Executed, UseCaseError> {
    if request.dry_run && !C::HAS_DRY_RUN {
        let error = anyhow!("a dry run of a command that has none");
        return Err(UseCaseError::unexpected(error));
    }
    if let Some(record) = executed_before(ports, &request)? {
        return Ok(Executed::Replayed(record));
    }
    let result = match C::APPROVAL {
        Approval::Ruled(_, held) if !request.dry_run => {
            held(command).and_then(|command| admit(ports, &mut request, command))
        }
        Approval::Ruled(..) | Approval::Exempt(_) => command.run(ports, &mut request),
    };
    executed(ports, request, result)
}

/// The same for a part of what was approved as a whole, or needed no approval when it was started.
///
/// # Errors
/// Those of [`execute`].
pub(crate) fn execute_admitted<C: Command>(
    ports: &Ports,
    mut request: Request,
    command: C,
) -> Result<Executed, UseCaseError> {
    if let Some(record) = executed_before(ports, &request)? {
        return Ok(Executed::Replayed(record));
    }
    let result = command.run(ports, &mut request);
    executed(ports, request, result)
}

/// How `request` came by its answer, if its key was not looked for before and this is the `result`.
/// Whether the key, the request id or something else told that the same request was executed
/// before: its answer is the answer.
///
/// # Errors
/// That of `result`; 1910 if the key was used for another request.
pub(crate) fn executed(
    ports: &Ports,
    request: Request,
    result: Result<Answer, UseCaseError>,
) -> Result<Executed, UseCaseError> {
    match result {
        Ok(answer) => Ok(Executed::Now {
            answer,
            warnings: request.warnings,
        }),
        Err(failure @ (UseCaseError::Refused(_) | UseCaseError::IdempotencyKeyUsed)) => {
            match executed_before(ports, &request)? {
                Some(record) => Ok(Executed::Replayed(record)),
                None => Err(failure),
            }
        }
        Err(failure) => Err(failure),
    }
}

/// What was answered to the request under its key; `None` if the key is new.
fn executed_before(
    ports: &Ports,
    request: &Request,
) -> Result<Option<Box<IdempotencyRecord>>, UseCaseError> {
    let Some(key) = request.key.as_ref().filter(|_| !request.dry_run) else {
        return Ok(None);
    };
    let IdempotencyGuard { org, actor, .. } = *key;
    let found = (ports.stores.idempotency).find(org, actor, &key.key, key.used_on)?;
    match found {
        None => Ok(None),
        Some(record) if record.guard.fingerprint == key.fingerprint => Ok(Some(Box::new(record))),
        Some(_) => Err(Rejection::new(Code::IdempotencyKeyReused).into()),
    }
}
