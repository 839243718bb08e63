//! What became of earlier requests.

use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::{RequestId, normalized};

use crate::access::Caller;
use crate::answer::{Answer, Imported};
use crate::error::UseCaseError;
use crate::ports::{LedgerEntry, Ports, StoreError};

/// What became of the requests with the id `id`: one entry for each operation that carried
/// it out, the earliest first; also the import that made the id for one of its elements.
///
/// # Errors
/// 404 if none did: the request can be sent again.
pub fn requests(
    ports: &Ports,
    caller: &Caller,
    id: &str,
) -> Result<Vec<LedgerEntry>, UseCaseError> {
    let id = normalized(id);
    let mut entries = carried_out(ports, caller, &id)?;
    entries.retain(|entry| !matches!(entry.answer, Answer::NotExecuted(_)));
    let imports = imports_with(ports, caller, &id)?;
    entries.extend(imports.into_iter().map(|(import, _)| import));
    entries.sort_by_key(|entry| entry.recorded_on);
    if entries.is_empty() {
        return Err(Rejection::new(Code::NotFound)
            .with_message("No request with this requestId was carried out. It can be sent again.")
            .into());
    }
    Ok(entries)
}

/// The imports that have given `id` to an element of theirs, each with what became of that.
///
/// # Errors
/// The store failed.
pub(crate) fn imports_with(
    ports: &Ports,
    caller: &Caller,
    id: &str,
) -> Result<Vec<(LedgerEntry, Imported)>, StoreError> {
    let Some((import, number)) = element(id) else {
        return Ok(Vec::new());
    };
    let imports = carried_out(ports, caller, import)?.into_iter();
    let with_element = imports.filter_map(|entry| {
        let Answer::Imported { outcomes, .. } = &entry.answer else {
            return None;
        };
        let element = outcomes.get(number - 1)?.clone();
        Some((entry, element))
    });
    Ok(with_element.collect())
}

/// The requests whose id is `id` itself. None has an id that is too long.
fn carried_out(ports: &Ports, caller: &Caller, id: &str) -> Result<Vec<LedgerEntry>, StoreError> {
    match RequestId::try_from(id) {
        Ok(id) => ports.stores.requests.find(caller.org, &id),
        Err(_) => Ok(Vec::new()),
    }
}

/// The id of the import, and the number of the element from 1, that `id` would be made of.
fn element(id: &str) -> Option<(&str, usize)> {
    let (import, number) = id.rsplit_once('_')?;
    let is_written_so =
        number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
    Some((import, number.parse().ok().filter(|_| is_written_so)?))
}

#[cfg(test)]
mod tests {
    use super::element;

    #[test]
    fn an_elements_id_is_the_imports_and_a_number_from_1() {
        assert_eq!(element("a_b_12"), Some(("a_b", 12)));
        for other in [
            "a",
            "a_",
            "a_0",
            "a_01",
            "a_+1",
            "a_x",
            "a_99999999999999999999",
        ] {
            assert_eq!(element(other), None, "{other}");
        }
    }
}
