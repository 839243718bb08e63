//! Reading which entries of the audit trail a list is to have.

use accolade_application::ports::AuditQuery;
use accolade_domain::actor::Actor;
use accolade_domain::audit::{Action, EntityKind, EntryId};
use accolade_domain::ids::ObjectId;
use accolade_domain::rejection::Rejection;

use crate::query::{Query, number, words};

/// How many entries there are unless told otherwise.
const DEFAULT_LIMIT: u32 = 100;

/// The most entries that may be asked for.
const MAX_LIMIT: u32 = 1_000;

/// What `query` asks for. What is wrong with it is remembered there.
pub fn read(query: &mut Query) -> AuditQuery {
    let kinds = |list: &str| words::list_of(list, EntityKind::ALL, EntityKind::name);
    let actions = |list: &str| words::list_of(list, Action::ALL, Action::name);
    let kinds = query.read("entityType", kinds).unwrap_or_default();
    AuditQuery {
        entity_id: query.kept_text("entityId").map(|id| entity_id(id, &kinds)),
        kinds,
        actor: query.read("actor", actor),
        actions: query.read("action", actions).unwrap_or_default(),
        from: query.read("from", words::moment),
        to: query.read("to", words::moment),
        after: query.read("after", entry_id),
        limit: (query.read("limit", number(1, MAX_LIMIT))).unwrap_or(DEFAULT_LIMIT),
    }
}

/// The id as it is kept: ids may be sent in upper case, but those of imports are texts of callers.
fn entity_id(text: String, kinds: &[EntityKind]) -> String {
    match text.parse::<ObjectId>() {
        Ok(id) if !kinds.iter().any(|kind| has_text_id(*kind)) => id.to_string(),
        _ => text,
    }
}

fn actor(text: &str) -> Result<Actor, Rejection> {
    text.parse()
        .map_err(|_| Rejection::unreadable("Must be the number of an actor: a whole number."))
}

fn entry_id(text: &str) -> Result<EntryId, Rejection> {
    text.parse()
        .map_err(|_| Rejection::unreadable("Must be the next of an answer before."))
}

/// Whether things of this kind have ids that are texts of callers.
const fn has_text_id(kind: EntityKind) -> bool {
    matches!(kind, EntityKind::Import | EntityKind::Job)
}

#[cfg(test)]
mod tests {
    use super::*;
    use accolade_domain::instant::Instant;

    fn read_all(text: &str) -> (AuditQuery, Vec<String>) {
        let mut query = Query::parse(text);
        let read = read(&mut query);
        let problems = query.finish().problems.into_iter();
        (read, problems.filter_map(|it| it.field).collect())
    }

    #[test]
    fn every_filter_is_read() {
        let (query, problems) = read_all(
            "entityType=badge,custom-field&entityId=66276DC68FE258516A88FF8E&actor=7\
             &action=create,UNCLAIM&from=1713860055&to=2024-04-23T13:44:15+05:30\
             &after=1713860055000000-3&limit=1000",
        );
        assert_eq!(problems, [""; 0]);
        let moment = Instant::from_unix_seconds(1_713_860_055).unwrap();
        let expected = AuditQuery {
            kinds: vec![EntityKind::Badge, EntityKind::CustomField],
            entity_id: Some("66276dc68fe258516a88ff8e".to_owned()),
            actor: Actor::try_from(7).ok(),
            actions: vec![Action::Create, Action::Unclaim],
            from: Some(moment),
            to: Some(moment),
            after: Some(EntryId {
                on: moment,
                number: 3,
            }),
            limit: 1_000,
        };
        assert_eq!(query, expected);
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let (query, problems) =
            read_all("entityType=BADGE,JOBS&actor=-1&action=DO&from=x&to=y&after=3&limit=1001");
        assert_eq!(
            problems,
            [
                "entityType",
                "actor",
                "action",
                "from",
                "to",
                "after",
                "limit"
            ]
        );
        assert_eq!(query.limit, 100);
    }

    #[test]
    fn the_id_of_an_import_is_a_text_of_its_caller() {
        let id = "66276DC68FE258516A88FF8E";
        let (query, _) = read_all(&format!("entityType=IMPORT&entityId={id}"));
        assert_eq!(query.entity_id.as_deref(), Some(id));
    }
}
