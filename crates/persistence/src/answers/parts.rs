//! What the compact forms are made of: differences, neighbouring ids, and reasons said once.

use std::collections::HashMap;

use accolade_application::answer::UnknownCustomer;
use accolade_domain::ids::{CustomerId, ObjectId};
use accolade_domain::owner::Owner;
use accolade_domain::people::Person;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::ReferenceId;
use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::mapping::{owner_type, stored};

/// Numbers, each as the difference to the one before, the first to 0.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Differences(Vec<i64>);

impl FromIterator<i64> for Differences {
    fn from_iter<T: IntoIterator<Item = i64>>(numbers: T) -> Self {
        let mut before = 0_i64;
        let difference = |number: i64| {
            let last = std::mem::replace(&mut before, number);
            number.wrapping_sub(last)
        };
        Self(numbers.into_iter().map(difference).collect())
    }
}

impl Differences {
    pub(crate) fn numbers(&self) -> impl Iterator<Item = i64> {
        let mut before = 0_i64;
        self.0.iter().map(move |difference| {
            before = before.wrapping_add(*difference);
            before
        })
    }
}

/// What stands in the place of a customer's number who was forgotten.
const FORGOTTEN: i64 = 0;

impl Differences {
    /// Customers, `None` in the places of those who were forgotten.
    pub(crate) fn customers(&self) -> impl Iterator<Item = anyhow::Result<Option<CustomerId>>> {
        let customer = |number| match number {
            FORGOTTEN => Ok(None),
            number => stored(number).map(Some),
        };
        self.numbers().map(customer)
    }

    /// Takes `person` out of these customers; gives the positions that were hers, which rise.
    pub(crate) fn forget(&mut self, person: &Person) -> Vec<usize> {
        let mut hers = Vec::new();
        let mut left: Vec<_> = self.numbers().collect();
        for (position, number) in left.iter_mut().enumerate() {
            let customer = CustomerId::try_from(*number);
            if customer.is_ok_and(|customer| person.has_number(customer)) {
                hers.push(position);
                *number = FORGOTTEN;
            }
        }
        if !hers.is_empty() {
            *self = left.into_iter().collect();
        }
        hers
    }

    /// The same of customers of whom some were forgotten before.
    pub(crate) fn of_customers(customers: impl IntoIterator<Item = Option<CustomerId>>) -> Self {
        let customers = customers.into_iter();
        customers
            .map(|it| it.map_or(FORGOTTEN, CustomerId::get))
            .collect()
    }
}

/// An id that nothing has, in the place of one that was a forgotten customer's.
pub(crate) const NO_ID: ObjectId = ObjectId::from_bytes([0; 12]);

/// These ids, of which the first is stored beside `first`, with what `change` makes of them by
/// position.
pub(crate) fn changed_ids(
    first: Neighbour,
    ids: &[StoredId],
    change: impl Fn(usize) -> Option<ObjectId>,
) -> anyhow::Result<Vec<StoredId>> {
    let (mut read, mut written) = (first, first);
    let ids = ids.iter().enumerate().map(|(position, stored)| {
        let id = read.read(stored)?;
        Ok(written.store(change(position).unwrap_or(id)))
    });
    ids.collect()
}

/// An id, stored beside another.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum StoredId {
    /// So much more than the one before.
    Near(i32),
    /// Whatever it is.
    Far([u8; 12]),
}

/// The counter in the last three bytes, and what stands before it.
fn split(id: &[u8; 12]) -> ([u8; 9], i32) {
    let [prefix @ .., a, b, c] = *id;
    (prefix, i32::from_be_bytes([0, a, b, c]))
}

/// The id that stands so many places before `id` in a block.
pub(crate) fn before(id: ObjectId, places: usize) -> Option<[u8; 12]> {
    let (prefix, counter) = split(id.as_bytes());
    let counter = counter.checked_sub(i32::try_from(places).ok()?)?;
    joined(prefix, counter)
}

/// An id of this prefix and counter, if the counter has room for it.
fn joined(prefix: [u8; 9], counter: i32) -> Option<[u8; 12]> {
    if !(0..1 << 24).contains(&counter) {
        return None;
    }
    let [_, a, b, c] = counter.to_be_bytes();
    let mut id = [0; 12];
    id[..9].copy_from_slice(&prefix);
    id[9..].copy_from_slice(&[a, b, c]);
    Some(id)
}

/// The id before, which the next one is stored or read beside.
#[derive(Clone, Copy, Default)]
pub(crate) struct Neighbour([u8; 12]);

impl From<[u8; 12]> for Neighbour {
    fn from(id: [u8; 12]) -> Self {
        Self(id)
    }
}

impl Neighbour {
    pub(crate) fn store(&mut self, id: ObjectId) -> StoredId {
        let id = *id.as_bytes();
        let before = std::mem::replace(&mut self.0, id);
        let ((prefix, counter), (prefix_before, counter_before)) = (split(&id), split(&before));
        if prefix == prefix_before {
            StoredId::Near(counter - counter_before)
        } else {
            StoredId::Far(id)
        }
    }

    pub(crate) fn read(&mut self, stored: &StoredId) -> anyhow::Result<ObjectId> {
        self.0 = match stored {
            StoredId::Far(id) => *id,
            StoredId::Near(difference) => {
                let (prefix, counter) = split(&self.0);
                let counter = counter.checked_add(*difference);
                let id = counter.and_then(|counter| joined(prefix, counter));
                id.context("a stored id runs over")?
            }
        };
        Ok(ObjectId::from_bytes(self.0))
    }
}

/// Who triggered a request.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredOwner(i16, String);

impl StoredOwner {
    pub(crate) fn new(owner: &Owner) -> Self {
        Self(
            owner.owner_type.number(),
            owner.reference.as_str().to_owned(),
        )
    }

    pub(crate) fn owner(self) -> anyhow::Result<Owner> {
        Ok(Owner {
            owner_type: owner_type(self.0)?,
            reference: ReferenceId::from_stored(self.1),
        })
    }
}

/// Customers whose identifier nobody has.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct StoredUnknown(Vec<(u32, String)>);

impl StoredUnknown {
    pub(crate) fn new(unknown: &[UnknownCustomer]) -> Self {
        let stored = |it: &UnknownCustomer| (it.position, it.identifier.clone());
        Self(unknown.iter().map(stored).collect())
    }

    pub(crate) fn unknown(self) -> Vec<UnknownCustomer> {
        let unknown = |(position, identifier)| UnknownCustomer {
            position,
            identifier,
        };
        self.0.into_iter().map(unknown).collect()
    }

    /// Takes those out by whom `person` is meant; whether there was one.
    pub(crate) fn forget(&mut self, person: &Person) -> bool {
        let unknown = std::mem::take(self).unknown();
        let left = UnknownCustomer::closed_up(&unknown, &[], |it| person.is_called(&it.identifier));
        *self = Self::new(&left);
        left.len() < unknown.len()
    }
}

/// Every reason of an answer, each once.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Reasons(Vec<(u32, String, Option<String>)>);

/// Gives reasons their numbers.
#[derive(Default)]
pub(crate) struct Collecting<'a>(HashMap<(Code, &'a str, Option<&'a str>), u32>, Reasons);

impl<'a> Collecting<'a> {
    pub(crate) fn number(&mut self, reason: &'a Rejection) -> anyhow::Result<u32> {
        let next = u32::try_from(self.0.len())?;
        let key = (
            reason.code,
            reason.message.as_str(),
            reason.field.as_deref(),
        );
        let number = *self.0.entry(key).or_insert(next);
        if number == next {
            self.1.0.push((
                reason.code.number(),
                reason.message.clone(),
                reason.field.clone(),
            ));
        }
        Ok(number)
    }

    pub(crate) fn reasons(self) -> Reasons {
        self.1
    }
}

/// The code of a stored reason. The first release had other numbers for two of them.
fn code_of(number: u32) -> Option<Code> {
    match number {
        999_999 => Some(Code::Unreadable),
        1920 => Some(Code::IdentifierUnknown),
        number => Code::from_number(number),
    }
}

impl Reasons {
    pub(crate) fn get(&self, number: u32) -> anyhow::Result<Rejection> {
        let (code, message, field) = self.0.get(number as usize).context("a stored reason")?;
        Ok(Rejection {
            code: code_of(*code).context("a stored code")?,
            message: message.clone(),
            field: field.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_the_first_release_stored_have_todays_codes() {
        let reason = |number: u32| {
            let stored = Reasons(vec![(number, "why".to_owned(), None)]);
            stored.get(0).map(|reason| reason.code.number()).ok()
        };
        assert_eq!(reason(999_999), Some(400));
        assert_eq!(reason(1920), Some(1026));
        assert_eq!(reason(404), Some(404));
        assert_eq!(reason(1), None);
    }
}
