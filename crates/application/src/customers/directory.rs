//! Writing the customer directory.

use accolade_domain::rejection::{Code, Rejection};

use crate::access::Caller;
use crate::answer::{Answer, DirectoryAnswer, DirectoryEcho};
use crate::error::UseCaseError;
use crate::ports::{DirectoryEntry, DirectoryError, IdempotencyGuard, IdempotencyRecord, Ports};

/// Customers to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutCustomers {
    /// Whether it is a request for one customer.
    pub single: bool,
    /// The customers, each once, with all their identifiers.
    pub entries: Vec<DirectoryEntry>,
    /// The caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyGuard>,
}

/// Replaces the identifiers of customers: all of them or none.
///
/// # Errors
/// 1921 for each identifier that belongs to another customer.
pub fn put(ports: &Ports, caller: &Caller, command: PutCustomers) -> Result<Answer, UseCaseError> {
    let echo = |entry: &DirectoryEntry| DirectoryEcho {
        customer: entry.customer,
        email: entry.identifiers.email.clone(),
        mobile: entry.identifiers.mobile.clone(),
        external_id: entry.identifiers.external_id.clone(),
        card_number: entry.identifiers.card_number.clone(),
    };
    let answer = Answer::Directory(DirectoryAnswer {
        single: command.single,
        entries: command.entries.iter().map(echo).collect(),
    });
    let record = command.idempotency.map(|guard| IdempotencyRecord {
        guard,
        answer: answer.clone(),
    });
    match ports
        .stores
        .directory
        .put(caller.org, &command.entries, record.as_ref())
    {
        Ok(()) => Ok(answer),
        Err(DirectoryError::IdempotencyKeyUsed) => Err(UseCaseError::IdempotencyKeyUsed),
        Err(DirectoryError::Store(error)) => Err(error.into()),
        Err(DirectoryError::Taken(taken)) => {
            let at = |(position, kind): (usize, crate::ports::IdentifierKind)| {
                Rejection::of(Code::IdentifierTaken).at(if command.single {
                    kind.name().to_owned()
                } else {
                    format!("customers[{position}].{}", kind.name())
                })
            };
            Err(taken.into_iter().map(at).collect::<Vec<_>>().into())
        }
    }
}
