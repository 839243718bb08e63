//! What the demo has: an organisation, a client whose secret everybody knows and an operator whose password
//! everybody knows, two badges for the API's own examples, one that is earned directly, under limits, in a
//! group and with a custom field, and some with a [`history`].
//!
//! `demo.json` says all but the first two in the API's own bodies, which are read and carried
//! out as if a caller had sent them. Seeding makes sure of all that, whatever is there already:
//! it runs at every start, and on two servers at once.

mod history;
mod operator;

use std::sync::Arc;

use accolade_application::access::{
    AccessGroups, Caller, ClientKey, Secret, caller_of, create_org,
};
use accolade_application::badges::{ClaimBadge, CreateBadge, SetActivity};
use accolade_application::catalogue::{CreateCustomField, CreateGroup};
use accolade_application::error::UseCaseError;
use accolade_application::ports::{
    Client, CreateClientError, CreateOrgError, IdSource, NewClient, Org, Ports,
};
use accolade_application::{Command, Executed, Request, execute};
use accolade_domain::audit::Attribution;
use accolade_domain::catalogue::CustomValues;
use accolade_domain::ids::{BadgeId, CustomFieldId, GroupId, IdBlock, ObjectId, OrgId};
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::Name;
use accolade_domain::zone::Zone;
use accolade_wire::badge::claim::OwnerRequestBody;
use accolade_wire::badge::request::{self, NewId};
use accolade_wire::catalogue::custom_field::CustomFieldRequestBody;
use accolade_wire::catalogue::group::GroupRequestBody;
use accolade_wire::json::Parsed;
use anyhow::{Context as _, Result, anyhow, bail};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

const ORG: i64 = 100_458;
/// The key of the demo's client.
const KEY: &str = "demo";
/// Its secret, which is none.
const SECRET: &str = "demo-secret";

/// What `demo.json` holds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Demo {
    group: Creation<GroupId>,
    custom_field: Creation<CustomFieldId>,
    badges: Vec<DemoBadge>,
}

/// The body that creates a thing, and the id that the thing gets.
#[derive(Deserialize)]
struct Creation<Id> {
    id: Id,
    body: Box<RawValue>,
}

/// A badge, and the claim on it.
#[derive(Deserialize)]
struct DemoBadge {
    id: BadgeId,
    body: Box<RawValue>,
    claim: Box<RawValue>,
}

impl Demo {
    fn read() -> Result<Self> {
        serde_json::from_str(include_str!("demo.json")).context("demo.json")
    }
}

/// Makes sure of everything that the demo has.
///
/// # Errors
/// The database does not answer, or something else of the org is in the way.
pub(crate) fn seed(ports: &Ports) -> Result<()> {
    let client = client(ports)?;
    let Some(caller) =
        caller_of(&client, ports.clock.now()).filter(|_| client.has_secret(&demo_secret()))
    else {
        tracing::warn!("the demo's client was revoked or has another secret: its request fails");
        return Ok(());
    };
    let demo = Demo::read()?;
    ensure_group(ports, &caller, &demo.group).context("the demo's group")?;
    ensure_custom_field(ports, &caller, &demo.custom_field).context("the demo's custom field")?;
    for badge in &demo.badges {
        ensure_badge(ports, &caller, &demo, badge)
            .with_context(|| format!("the demo's badge {}", badge.id))?;
    }
    history::ensure(ports, &caller).context("the demo's history")?;
    operator::ensure(ports, caller.org).context("the demo's operator")
}

/// Makes sure that nobody can call the API with the demo's secret, or sign in with its password, which
/// everybody knows.
///
/// # Errors
/// The demo's client or its operator is active: it says what to do.
pub(crate) fn ensure_closed(ports: &Ports) -> Result<()> {
    let key = ClientKey::try_from(KEY)?;
    // A database that does not answer, or lacks migrations, is not ready; the server says so itself.
    let Ok(Some(client)) = ports.stores.access.client(&key) else {
        return Ok(());
    };
    if client.admits(&demo_secret()) {
        bail!(
            "the demo is off, and its client `{KEY}`, whose secret everybody knows, is active in this \
             database: `accolade-server client revoke --key {KEY}` ends it"
        );
    }
    operator::ensure_closed(ports)
}

/// Where the console is, and who may sign in.
pub(crate) fn console_hint(address: &str) -> String {
    format!(
        "The console is at {address}/console: sign in as {} with the password {}, and look for \
         anna@example.org.",
        operator::LOGIN,
        operator::PASSWORD
    )
}

/// The API's first example, ready to paste into a shell.
pub(crate) fn example(address: &str) -> String {
    format!(
        r#"curl -sS -u {KEY}:{SECRET} -H 'Content-Type: application/json' \
  {address}/api_gateway/v1/badges/badgeMeta/customer/issueBulk -d '{{
    "badgeMetaId": "66276dc68fe258516a88ff8e",
    "customers": [62090013],
    "requestId": "21390",
    "issueEventDate": 1713860055,
    "issueEventDateISO": "2024-04-23T13:44:15+05:30",
    "triggeredBy": {{"ownerType": "Loyalty", "referenceId": "123694"}}
  }}'"#
    )
}

fn demo_secret() -> Secret {
    Secret::presented(SECRET)
}

/// The demo's client, created with its org if need be.
fn client(ports: &Ports) -> Result<Client> {
    let id = OrgId::try_from(ORG)?;
    let org = Org {
        id,
        name: Name::try_from("Demo")?,
        zone: Zone::utc(),
        region: None,
    };
    match create_org(ports, &org) {
        Ok(()) | Err(CreateOrgError::Exists) => {}
        Err(CreateOrgError::Store(error)) => return Err(error.into()),
    }
    let key = ClientKey::try_from(KEY)?;
    let new = NewClient {
        org: id,
        name: Name::try_from("Demo")?,
        key: key.clone(),
        groups: AccessGroups::ALL,
        owner: None,
        secret: demo_secret().hash(),
        created: Attribution::system(ports.clock.now()),
    };
    match ports.stores.access.create_client(&new) {
        Ok(_) | Err(CreateClientError::KeyTaken) => {}
        Err(other) => return Err(other.into()),
    }
    ports
        .stores
        .access
        .client(&key)?
        .filter(|client| client.org.id == id)
        .ok_or_else(|| anyhow!("the key {KEY} belongs to another organisation than the demo's"))
}

/// Makes sure that the group is there, unless it was removed or its name is used.
fn ensure_group(ports: &Ports, caller: &Caller, demo: &Creation<GroupId>) -> Result<()> {
    let catalogue = &ports.stores.catalogue;
    if catalogue.group(caller.org, demo.id)?.is_some() {
        return Ok(());
    }
    let (name, rank) = body(GroupRequestBody::parse(demo.body.get().as_bytes()))?;
    let command = CreateGroup { name, rank };
    match executed(&with_id(ports, demo.id.0), caller, command) {
        Ok(_) => Ok(()),
        Err(error) if is_refused(&error, Code::GroupNameTaken) => Ok(()),
        // Another server that starts at the same moment may have been faster.
        Err(_) if catalogue.group(caller.org, demo.id)?.is_some() => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Makes sure that the custom field is there, unless it was disabled or its name is used.
fn ensure_custom_field(
    ports: &Ports,
    caller: &Caller,
    demo: &Creation<CustomFieldId>,
) -> Result<()> {
    let catalogue = &ports.stores.catalogue;
    if catalogue.field(caller.org, demo.id)?.is_some() {
        return Ok(());
    }
    let command = CreateCustomField {
        draft: body(CustomFieldRequestBody::parse(demo.body.get().as_bytes()))?,
    };
    match executed(&with_id(ports, demo.id.0), caller, command) {
        Ok(_) => Ok(()),
        Err(error) if is_refused(&error, Code::CustomFieldNameTaken) => Ok(()),
        Err(_) if catalogue.field(caller.org, demo.id)?.is_some() => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Makes sure that the badge is there, on, and claimed.
fn ensure_badge(ports: &Ports, caller: &Caller, demo: &Demo, wanted: &DemoBadge) -> Result<()> {
    let badge = wanted.id;
    let badges = &ports.stores.badges;
    if badges.find(caller.org, badge)?.is_none()
        && let Err(error) = create_badge(ports, caller, demo, wanted)
        && badges.find(caller.org, badge)?.is_none()
    {
        return Err(error);
    }
    let on = SetActivity {
        badge,
        active: true,
    };
    executed(ports, caller, on)?;
    let owner = body(OwnerRequestBody::parse(wanted.claim.get().as_bytes()))?;
    let by_owner = ClaimBadge { badge, owner };
    executed(ports, caller, by_owner)?;
    Ok(())
}

fn create_badge(ports: &Ports, caller: &Caller, demo: &Demo, wanted: &DemoBadge) -> Result<()> {
    let catalogue = &ports.stores.catalogue;
    let (_, mut asked) = body(request::read(wanted.body.get().as_bytes(), NewId::Made))?;
    // Without a group or a custom field that was removed or disabled, or is not the demo's own.
    if let Some(id) = asked.draft.group {
        let group = catalogue.group(caller.org, id)?;
        asked.draft.group = group.filter(|group| group.active).map(|_| id);
    }
    let field = catalogue.field(caller.org, demo.custom_field.id)?;
    if !field.is_some_and(|field| field.active) {
        asked.draft.custom_values = CustomValues::new();
    }
    let command = CreateBadge {
        draft: asked.draft,
        unread: asked.unread,
        active: true,
        // It started in the past.
        migrating: true,
        id: Some(wanted.id),
    };
    executed(ports, caller, command)?;
    Ok(())
}

fn executed(
    ports: &Ports,
    caller: &Caller,
    command: impl Command,
) -> Result<Executed, UseCaseError> {
    execute(ports, Request::new(caller.clone()), command)
}

/// What the body asks for. A misspelt field, of which a caller is only warned, is a mistake here.
fn body<T>(read: Result<Parsed<T>, Vec<Rejection>>) -> Result<T, UseCaseError> {
    match read {
        Ok(parsed) if parsed.warnings.is_empty() => Ok(parsed.value),
        Ok(parsed) => Err(parsed.warnings.into()),
        Err(problems) => Err(problems.into()),
    }
}

fn is_refused(error: &UseCaseError, code: Code) -> bool {
    matches!(error, UseCaseError::Refused(problems) if problems.iter().any(|it| it.code == code))
}

/// The ports, where what is created next gets this id.
fn with_id(ports: &Ports, id: ObjectId) -> Ports {
    Ports {
        ids: Arc::new(OneId {
            id,
            others: ports.ids.clone(),
        }),
        ..ports.clone()
    }
}

/// Gives one id that was chosen.
struct OneId {
    id: ObjectId,
    others: Arc<dyn IdSource>,
}

impl IdSource for OneId {
    fn block(&self, len: u32) -> IdBlock {
        IdBlock::new(self.id, len).unwrap_or_else(|| self.others.block(len))
    }

    fn object_id(&self) -> ObjectId {
        self.id
    }

    fn uuid(&self) -> Uuid {
        self.others.uuid()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use accolade_application::access::revoke_client;
    use accolade_application::answer::Answer;
    use accolade_application::approvals::{changes, may_vote};
    use accolade_application::badges::{UnclaimBadge, get};
    use accolade_application::catalogue::{RemoveGroup, groups};
    use accolade_application::customers::{search, timeline};
    use accolade_application::earning::{EarnBadge, Earners};
    use accolade_application::enrolment::EnrolCustomers;
    use accolade_application::error::UseCaseError;
    use accolade_application::operators::disable;
    use accolade_application::ports::{ActorRecord, ChangeQuery, Happening, PageOf};
    use accolade_domain::approval::{ChangeState, RuledOperation};
    use accolade_domain::earning::EventDate;
    use accolade_domain::ids::CustomerId;
    use accolade_domain::instant::Instant;
    use accolade_domain::owner::{Owner, OwnerType};
    use accolade_domain::text::BadgeName;
    use accolade_domain::text::{Description, ReferenceId};
    use accolade_memory::{FixedClock, MemoryStore, memory_ports};

    use super::*;

    fn ports() -> Ports {
        let now = Instant::parse_iso("2026-06-01T00:00:00Z").unwrap();
        memory_ports(
            Arc::new(MemoryStore::default()),
            Arc::new(FixedClock::at(now)),
        )
    }

    fn caller(ports: &Ports) -> Caller {
        let key = ClientKey::try_from(KEY).unwrap();
        let client = ports.stores.access.client(&key).unwrap().unwrap();
        assert!(client.admits(&demo_secret()));
        caller_of(&client, ports.clock.now()).unwrap()
    }

    fn loyalty(reference: &str) -> Owner {
        Owner {
            owner_type: OwnerType::Loyalty,
            reference: ReferenceId::try_from(reference).unwrap(),
        }
    }

    #[test]
    fn without_the_demo_nobody_serves_while_its_client_is_active() {
        let ports = ports();
        assert!(ensure_closed(&ports).is_ok());
        seed(&ports).unwrap();
        let error = ensure_closed(&ports).unwrap_err().to_string();
        assert!(error.ends_with("`accolade-server client revoke --key demo` ends it"));
        let key = ClientKey::try_from(KEY).unwrap();
        revoke_client(&ports, &key).unwrap();
        let error = ensure_closed(&ports).unwrap_err().to_string();
        assert!(error.ends_with("`accolade-server operator disable --login demo` ends her"));
        let (login, by) = (
            operator::LOGIN.try_into().unwrap(),
            Attribution::system(ports.clock.now()),
        );
        disable(&ports, None, &login, &by).unwrap();
        assert!(ensure_closed(&ports).is_ok());
    }

    #[test]
    fn the_demos_customer_was_refused_a_day_ago_because_she_was_not_enrolled() {
        let ports = ports();
        seed(&ports).unwrap();
        seed(&ports).unwrap();
        let caller = caller(&ports);
        let found = search(&ports, &caller, "anna@example.org").unwrap();
        let [anna] = found.as_slice() else {
            panic!("{found:?}");
        };
        let told = timeline(&ports, &caller, anna.customer, None, 100).unwrap();
        let first = &told.entries[0];
        let name = first.badge_name.as_ref().map(BadgeName::as_str);
        assert_eq!(name, Some("Weekend Traveller"));
        assert!(matches!(
            first.entry.what,
            Happening::Refused(Code::NotEnrolled, _)
        ));
        assert_eq!(ports.clock.now().since(first.entry.on), time::Duration::DAY);
        // Enrolled, earned four times, expired, and refused twice: by a limit, and so.
        let numbers: Vec<_> = told
            .entries
            .iter()
            .map(|it| it.entry.what.number())
            .collect();
        assert_eq!(numbers, [4, 8, 4, 2, 2, 2, 8, 1, 2]);
    }

    #[test]
    fn a_merge_waits_for_the_approval_of_the_demos_operator() {
        let ports = ports();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| seed(&ports).unwrap());
            }
        });
        let caller = caller(&ports);
        let query = ChangeQuery {
            now: ports.clock.now(),
            states: vec![ChangeState::Pending],
            operations: Vec::new(),
            after: None,
            limit: 10,
        };
        let waiting = changes(&ports, &caller, &query).unwrap().changes;
        let [merge] = waiting.as_slice() else {
            panic!("{waiting:?}");
        };
        assert_eq!(merge.operation, RuledOperation::Merge);
        let login = operator::LOGIN.try_into().unwrap();
        let known = ports.stores.operators.operator(&login).unwrap();
        let operator = known.unwrap().operator;
        let herself = ActorRecord::Operator {
            number: operator.number,
            name: operator.name,
            login: operator.login,
            over_on: None,
        };
        assert!(may_vote(merge, &herself));
    }

    #[test]
    fn the_demos_client_enrols_as_the_examples_do() {
        let ports = ports();
        seed(&ports).unwrap();
        let caller = caller(&ports);
        assert_eq!(caller.org.get(), 100_458);
        assert_eq!(caller.groups, AccessGroups::ALL);
        for (badge, claimed_by) in [
            ("66276dc68fe258516a88ff8e", "123694"),
            ("653de84db3cda7078c7c68ed", "626"),
        ] {
            let command = EnrolCustomers {
                badge: badge.parse().unwrap(),
                customers: vec![62_090_013.try_into().unwrap()].into(),
                request_id: None,
                event_on: Some(Instant::parse_iso("2024-04-23T13:44:15+05:30").unwrap()),
                triggered_by: Some(loyalty(claimed_by)),
                by_hand: None,
            };
            let enrolled = executed(&ports, &caller, command).unwrap();
            let Answer::Enrolment(answer) = enrolled.answer() else {
                panic!("not an enrolment")
            };
            assert_eq!(answer.expires_on.unix_micros(), 1_926_235_957_000_000);
        }
    }

    #[test]
    fn the_direct_badge_is_earned_once_a_day_and_has_a_group_and_a_custom_field() {
        let ports = ports();
        seed(&ports).unwrap();
        let caller = caller(&ports);
        let id: BadgeId = "66da90348bdb494a4f06576f".parse().unwrap();
        let again = |request_id: &str| {
            let command = EarnBadge {
                badge: id,
                earners: Earners::One(CustomerId::try_from(62_090_013).unwrap().into()),
                request_id: request_id.try_into().unwrap(),
                event: EventDate::default(),
                triggered_by: Some(loyalty("626")),
                by_hand: None,
            };
            executed(&ports, &caller, command)
        };
        assert!(matches!(again("1").unwrap().answer(), Answer::Earned(_)));
        let Err(UseCaseError::Refused(rejections)) = again("2") else {
            panic!("earned twice a day")
        };
        assert_eq!(rejections[0].code.number(), 817);
        let view = get(&ports, &caller, id).unwrap();
        assert_eq!(view.group.unwrap().name.as_str(), "Everyday");
        let values = view.badge.definition.custom_values;
        let tier = values.get(&"Tier".try_into().unwrap());
        assert_eq!(tier.map(Description::as_str), Some("gold"));
        assert_eq!(view.badge.definition.rank.map(i64::from), Some(1));
    }

    #[test]
    fn the_direct_badge_goes_without_a_custom_field_that_is_somebody_elses() {
        let ports = ports();
        let caller = caller_of(&client(&ports).unwrap(), ports.clock.now()).unwrap();
        let draft = body(CustomFieldRequestBody::parse(
            br#"{"name":"Tier","dataType":"INTEGER"}"#,
        ))
        .unwrap();
        executed(&ports, &caller, CreateCustomField { draft }).unwrap();
        seed(&ports).unwrap();
        let id: BadgeId = "66da90348bdb494a4f06576f".parse().unwrap();
        let view = get(&ports, &caller, id).unwrap();
        assert_eq!(view.badge.definition.custom_values, CustomValues::new());
    }

    #[test]
    fn a_group_that_was_removed_stays_removed() {
        let ports = ports();
        seed(&ports).unwrap();
        let caller = caller(&ports);
        let group = Demo::read().unwrap().group.id;
        executed(&ports, &caller, RemoveGroup { group }).unwrap();
        seed(&ports).unwrap();
        let page = PageOf { page: 0, size: 10 };
        assert_eq!(groups(&ports, &caller, page).unwrap().total, 0);
    }

    #[test]
    fn seeding_again_or_at_once_changes_nothing() {
        let ports = ports();
        std::thread::scope(|scope| {
            let seeding: Vec<_> = (0..4).map(|_| scope.spawn(|| seed(&ports))).collect();
            for seeded in seeding {
                seeded.join().unwrap().unwrap();
            }
        });
        let org = OrgId::try_from(ORG).unwrap();
        let state = || {
            let badges = Demo::read().unwrap().badges;
            let find = |demo: DemoBadge| ports.stores.badges.find(org, demo.id);
            let badges: Vec<_> = badges.into_iter().map(|it| find(it).unwrap()).collect();
            (badges, ports.stores.access.clients().unwrap())
        };
        let before = state();
        seed(&ports).unwrap();
        assert_eq!(state(), before);
        assert_eq!(before.1.len(), 1);
        for badge in before.0 {
            assert_eq!(badge.unwrap().badge.claims.len(), 1);
        }
    }

    #[test]
    fn seeding_turns_on_and_claims_what_was_tried_out() {
        let ports = ports();
        seed(&ports).unwrap();
        let caller = caller(&ports);
        let id: BadgeId = "66276dc68fe258516a88ff8e".parse().unwrap();
        let taken_back = UnclaimBadge {
            badge: id,
            owner: loyalty("123694"),
        };
        executed(&ports, &caller, taken_back).unwrap();
        let off = SetActivity {
            badge: id,
            active: false,
        };
        executed(&ports, &caller, off).unwrap();

        seed(&ports).unwrap();
        let badge = ports
            .stores
            .badges
            .find(caller.org, id)
            .unwrap()
            .unwrap()
            .badge;
        assert!(badge.active && badge.is_claimed_by(&loyalty("123694")));
    }

    #[test]
    fn a_demo_client_that_was_revoked_stays_revoked() {
        let ports = ports();
        seed(&ports).unwrap();
        let key = ClientKey::try_from(KEY).unwrap();
        revoke_client(&ports, &key).unwrap();
        seed(&ports).unwrap();
        assert!(
            ports
                .stores
                .access
                .client(&key)
                .unwrap()
                .unwrap()
                .revoked_on
                .is_some()
        );
    }

    #[test]
    fn the_example_names_the_address_that_the_server_has() {
        let example = example("http://127.0.0.1:9000");
        assert!(example.contains("-u demo:demo-secret "));
        assert!(
            example.contains(
                "http://127.0.0.1:9000/api_gateway/v1/badges/badgeMeta/customer/issueBulk"
            )
        );
        let (_, body) = example.split_once("-d '").unwrap();
        let body: serde_json::Value = serde_json::from_str(body.trim_end_matches('\'')).unwrap();
        assert_eq!(body["customers"], serde_json::json!([62_090_013]));
    }
}
