//! Writing the customer directory.

use std::collections::HashSet;

use accolade_domain::ids::CustomerId;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::Name;

use crate::answer::{Answer, DirectoryAnswer, DirectoryEcho};
use crate::approvals::Approval;
use crate::customers::{NamedCustomer, current_each, no_number, resolve_each, resolve_one};
use crate::error::{MOST_REPORTED, UseCaseError};
use crate::execute::Command;
use crate::ports::{DirectoryEntry, DirectoryError, IdentifierKind, Identifiers, Ports};
use crate::request::Request;
use crate::turns::MOST_ROUNDS;

/// Replaces the identifiers of customers: all of them or none.
///
/// Refused with 1026 for customers whose identifier nobody has; 1921 for each new identifier that
/// belongs to another customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutCustomers {
    /// One customer.
    One(NamedCustomer, Identifiers),
    /// Several, each with all its identifiers.
    Several(Vec<(NamedCustomer, Identifiers)>),
}

impl Command for PutCustomers {
    const APPROVAL: Approval<Self> =
        Approval::Exempt("the directory follows the platform that customers register with");

    fn customers(&self) -> usize {
        match self {
            Self::One(..) => 1,
            Self::Several(entries) => entries.len(),
        }
    }

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let (single, named, mut identifiers) = match self {
            Self::One(named, identifiers) => {
                let customer =
                    resolve_one(ports, &request.caller, &mut request.warnings, named, None)?;
                (true, vec![Ok(customer)], vec![identifiers])
            }
            Self::Several(entries) => {
                let (named, identifiers): (Vec<_>, _) = entries.into_iter().unzip();
                let named = resolve_each(ports, request, named, |position| {
                    format!("customers[{position}].customerId")
                })?;
                (false, named, identifiers)
            }
        };
        make_comparable(request, single, &mut identifiers);
        for _ in 0..MOST_ROUNDS {
            let entries = entries(ports, request, named.clone(), &identifiers)?;
            let answer = Answer::Directory(DirectoryAnswer {
                single,
                entries: entries.iter().map(echo).collect(),
            });
            let record = request.record(&answer);
            let by = request.attribution(ports.clock.now());
            let directory = &ports.stores.directory;
            match directory.put(request.caller.org, &entries, &by, record.as_ref()) {
                Ok(()) => return Ok(answer),
                Err(DirectoryError::CustomersMerged) => {}
                Err(DirectoryError::IdempotencyKeyUsed) => {
                    return Err(UseCaseError::IdempotencyKeyUsed);
                }
                Err(DirectoryError::Store(error)) => return Err(error.into()),
                Err(DirectoryError::Taken(taken)) => {
                    let taken = taken.into_iter().map(|(position, kind)| {
                        Rejection::new(Code::IdentifierTaken)
                            .at_field(place(single, position, kind))
                    });
                    return Err(taken.collect::<Vec<_>>().into());
                }
            }
        }
        Err(UseCaseError::overtaken("who the customers are"))
    }
}

/// Brings identifiers into the form in which they are kept and compared. Warns of
/// those that should be telephone numbers and are none.
fn make_comparable(request: &mut Request, single: bool, all: &mut [Identifiers]) {
    let region = request.caller.region;
    let mut reported = 0;
    for (position, identifiers) in all.iter_mut().enumerate() {
        for (kind, text) in identifiers.iter_mut() {
            let kept = kind.comparable(text.as_str(), region);
            if kept.is_no_number && reported < MOST_REPORTED {
                let warning = no_number(region).at_field(place(single, position, kind));
                request.warnings.push(warning);
                reported += 1;
            }
            // It may have become longer than what callers may send.
            *text = Name::from_stored(kept.text);
        }
    }
}

/// The customer of `entry` and what it is called.
pub(crate) fn echo(entry: &DirectoryEntry) -> DirectoryEcho {
    DirectoryEcho {
        customer: entry.customer,
        email: entry.identifiers.email.clone(),
        mobile: entry.identifiers.mobile.clone(),
        external_id: entry.identifiers.external_id.clone(),
        card_number: entry.identifiers.card_number.clone(),
    }
}

/// Where the identifier of this kind of the entry at `position` stands.
fn place(single: bool, position: usize, kind: IdentifierKind) -> String {
    if single {
        kind.name().to_owned()
    } else {
        format!("customers[{position}].{}", kind.name())
    }
}

/// The entries of the customers that are `named`, as they are now.
///
/// # Errors
/// 1026 for each whose identifier nobody has; 400 for each customer that is named again, also by the
/// number of one who was merged into it: only one of them can say what it is called.
fn entries(
    ports: &Ports,
    request: &Request,
    mut named: Vec<Result<CustomerId, String>>,
    identifiers: &[Identifiers],
) -> Result<Vec<DirectoryEntry>, UseCaseError> {
    current_each(ports, &request.caller, &mut named)?;
    let mut problems = Vec::new();
    let mut seen = HashSet::new();
    let mut entries = Vec::new();
    for (position, (customer, identifiers)) in named.into_iter().zip(identifiers).enumerate() {
        let place = format!("customers[{position}]");
        match customer {
            Ok(customer) if seen.insert(customer) => entries.push(DirectoryEntry {
                customer,
                identifiers: identifiers.clone(),
            }),
            Ok(_) => problems.push(named_twice().below(&place)),
            Err(_) => {
                let unknown = Rejection::new(Code::IdentifierUnknown).at_field("customerId");
                problems.push(unknown.below(&place));
            }
        }
    }
    if problems.is_empty() {
        Ok(entries)
    } else {
        problems.truncate(MOST_REPORTED);
        Err(problems.into())
    }
}

/// The refusal of a customer that a request names again.
pub fn named_twice() -> Rejection {
    Rejection::unreadable("The customer is named more than once. Send it once.")
        .at_field("customerId")
}
