//! Finding somebody by anything: a number, an identifier, the id of an enrolment, of an earned badge or of a
//! request.

use accolade_domain::ids::{BadgeId, CustomerId, ObjectId};
use accolade_domain::text::{RequestId, normalized};

use crate::access::Caller;
use crate::answer::{Answer, Imported};
use crate::enrolment::imports_with;
use crate::error::UseCaseError;
use crate::ports::{
    CustomerExport, GivenTo, HistoryQuery, IdentifierKind, Identifiers, LedgerEntry, Ports,
};

/// The most matches that one search gives.
pub const MOST_MATCHES: usize = 20;

/// The most characters that are searched for: no id has more.
const LONGEST: usize = 255;

/// The most digits of a customer's number.
const LONGEST_NUMBER: usize = 19;

/// What was found to be what somebody searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchKind {
    /// The number of a customer.
    Customer,
    /// An identifier of a customer.
    Identifier(IdentifierKind),
    /// The id of an enrolment.
    Enrolment,
    /// The id of an earned badge.
    Earn,
    /// The id of a request.
    Request,
}

impl MatchKind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Customer,
        Self::Identifier(IdentifierKind::Email),
        Self::Identifier(IdentifierKind::Mobile),
        Self::Identifier(IdentifierKind::ExternalId),
        Self::Identifier(IdentifierKind::CardNumber),
        Self::Enrolment,
        Self::Earn,
        Self::Request,
    ];

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "CUSTOMER_ID",
            Self::Identifier(IdentifierKind::Email) => "EMAIL",
            Self::Identifier(IdentifierKind::Mobile) => "MOBILE",
            Self::Identifier(IdentifierKind::ExternalId) => "EXTERNAL_ID",
            Self::Identifier(IdentifierKind::CardNumber) => "CARD_NUMBER",
            Self::Enrolment => "ISSUED_ID",
            Self::Earn => "EARNED_BADGE_ID",
            Self::Request => "REQUEST_ID",
        }
    }
}

/// Somebody who was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Match {
    /// By what.
    pub kind: MatchKind,
    /// Who.
    pub customer: CustomerId,
    /// The badge that the enrolment, earned badge or request is about.
    pub badge: Option<BadgeId>,
}

/// Who is found by `text`, each kind, customer and badge once, at most [`MOST_MATCHES`]. Who was merged into
/// another is found as the successor. A number is a customer's if the org knows anything of the customer, or
/// if nothing else is found: whoever is to be enrolled for the first time is nobody yet.
///
/// # Errors
/// The store failed.
pub fn search(ports: &Ports, caller: &Caller, text: &str) -> Result<Vec<Match>, UseCaseError> {
    let text = normalized(text);
    if text.is_empty() || text.chars().count() > LONGEST || text.contains('\0') {
        return Ok(Vec::new());
    }
    // An id whose digits are all decimal is none, with zeros before it.
    let is_short = text.len() <= LONGEST_NUMBER;
    let number = text.parse::<CustomerId>().ok().filter(|_| is_short);
    let mut found = Vec::new();
    if let Some(customer) = number
        && is_known(ports, caller, customer)?
    {
        found.push(of_customer(customer));
    }
    found.extend(by_identifier(ports, caller, &text)?);
    if let Ok(id) = text.parse() {
        found.extend(by_id(ports, caller, id)?);
    }
    if let Ok(id) = RequestId::try_from(text.as_ref()) {
        found.extend(by_request(ports, caller, &id)?);
    }
    if found.is_empty() {
        found.extend(number.map(of_customer));
    }
    current(ports, caller, &mut found)?;
    let mut matches = Vec::new();
    for it in found {
        if !matches.contains(&it) {
            matches.push(it);
        }
    }
    matches.truncate(MOST_MATCHES);
    Ok(matches)
}

const fn of_customer(customer: CustomerId) -> Match {
    Match {
        kind: MatchKind::Customer,
        customer,
        badge: None,
    }
}

/// Whether the org knows anything of the customer.
fn is_known(ports: &Ports, caller: &Caller, customer: CustomerId) -> Result<bool, UseCaseError> {
    let query = HistoryQuery {
        customer,
        now: ports.clock.now(),
        after: None,
        limit: 1,
    };
    let history = ports.stores.customer_badges.history(caller.org, &query)?;
    Ok(!history.is_empty()
        || identifiers(ports, caller, customer)?
            .iter()
            .next()
            .is_some())
}

/// What the customer is called besides the number.
///
/// # Errors
/// The store failed.
pub fn identifiers(
    ports: &Ports,
    caller: &Caller,
    customer: CustomerId,
) -> Result<Identifiers, UseCaseError> {
    let only = CustomerExport {
        after: None,
        only: Some(customer),
    };
    let page = ports.stores.exports.customers(caller.org, &only)?;
    let entry = page.rows.into_iter().next();
    Ok(entry.map_or_else(Identifiers::default, |entry| entry.identifiers))
}

fn by_identifier(ports: &Ports, caller: &Caller, text: &str) -> Result<Vec<Match>, UseCaseError> {
    let mut found = Vec::new();
    for kind in IdentifierKind::ALL {
        let compared = kind.comparable(text, caller.region);
        // What is no telephone number is compared by its digits, of which an address may have some.
        if compared.text.is_empty() || compared.is_no_number && !is_dialled(text) {
            continue;
        }
        let directory = &ports.stores.directory;
        let owners = directory.resolve(caller.org, *kind, &[compared.text])?;
        found.extend(owners.into_iter().flatten().map(|customer| Match {
            kind: MatchKind::Identifier(*kind),
            customer,
            badge: None,
        }));
    }
    Ok(found)
}

/// Whether `text` is written as telephone numbers are.
fn is_dialled(text: &str) -> bool {
    text.chars()
        .all(|it| it.is_ascii_digit() || "+-./() ".contains(it))
}

fn by_id(ports: &Ports, caller: &Caller, id: ObjectId) -> Result<Option<Match>, UseCaseError> {
    let given = ports.stores.requests.given(caller.org, id)?;
    Ok(given.map(|given| Match {
        kind: match given.to {
            GivenTo::Enrolment(_) => MatchKind::Enrolment,
            GivenTo::Earn(_) => MatchKind::Earn,
        },
        customer: given.customer,
        badge: Some(given.badge),
    }))
}

fn by_request(ports: &Ports, caller: &Caller, id: &RequestId) -> Result<Vec<Match>, UseCaseError> {
    let entries = ports.stores.requests.find(caller.org, id)?;
    let imports = imports_with(ports, caller, id.as_str())?;
    let of_elements = imports.iter().filter_map(|(_, element)| recorded(element));
    let named = entries.iter().flat_map(customers).chain(of_elements);
    let matches = named.map(|(customer, badge)| Match {
        kind: MatchKind::Request,
        customer,
        badge: Some(badge),
    });
    Ok(matches.collect())
}

/// Whom a request was about, and which badge: no more than are shown.
fn customers(entry: &LedgerEntry) -> Vec<(CustomerId, BadgeId)> {
    match &entry.answer {
        Answer::Enrolment(answer) => {
            let outcomes = answer.outcomes.iter().take(MOST_MATCHES);
            outcomes.map(|it| (it.customer, answer.badge)).collect()
        }
        Answer::Earned(answer) => {
            let outcomes = answer.outcomes.iter().take(MOST_MATCHES);
            outcomes.map(|it| (it.customer, answer.badge)).collect()
        }
        Answer::EarnRevoked {
            badge, customer, ..
        } => vec![(*customer, *badge)],
        Answer::EnrolmentsRevoked {
            badge, outcomes, ..
        } => {
            let outcomes = outcomes.iter().take(MOST_MATCHES);
            outcomes.map(|it| (it.customer, *badge)).collect()
        }
        Answer::Imported { outcomes, .. } => {
            let recorded = outcomes.iter().filter_map(recorded);
            recorded.take(MOST_MATCHES).collect()
        }
        _ => Vec::new(),
    }
}

const fn recorded(element: &Imported) -> Option<(CustomerId, BadgeId)> {
    match element {
        Imported::Recorded {
            badge, customer, ..
        } => Some((*customer, *badge)),
        _ => None,
    }
}

/// Puts the successors in the places of those who were merged into them.
fn current(ports: &Ports, caller: &Caller, found: &mut [Match]) -> Result<(), UseCaseError> {
    let mut customers: Vec<_> = found.iter().map(|it| it.customer).collect();
    customers.sort_unstable();
    customers.dedup();
    if customers.is_empty() {
        return Ok(());
    }
    let successors = ports.stores.people.successors(caller.org, &customers)?;
    for it in found {
        it.customer = successors.get(&it.customer).copied().unwrap_or(it.customer);
    }
    Ok(())
}
