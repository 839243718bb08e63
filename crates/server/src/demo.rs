//! What the demo has: an organisation, a client whose secret everybody knows, two badges
//! for the API's own examples, and one that is earned directly, under limits, in a group and with a
//! custom field.
//!
//! Seeding makes sure of all that, whatever is there already: it runs at every start,
//! and on two servers at once.

use accolade_application::access::{
    AccessGroups, Caller, ClientKey, Secret, caller_of, create_org,
};
use accolade_application::badges::{
    ClaimBadge, CreateBadge, SetActivity, claim, create, set_activity,
};
use accolade_application::ports::{
    Client, CreateClientError, CreateOrgError, NewClient, Org, Ports, SaveError,
};
use accolade_domain::badge::constraint::{Constraint, Count, Cycle, FixedWindowDraft};
use accolade_domain::badge::{BadgeDraft, EarnType, Expiry, ExpiryValue, Rank};
use accolade_domain::catalogue::{CustomField, CustomValues, DataType, Group};
use accolade_domain::ids::{BadgeId, CustomFieldId, GroupId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::{Owner, OwnerType};
use accolade_domain::text::{BadgeName, Description, Name, ReferenceId};
use accolade_domain::zone::{CalendarUnit, Zone};
use anyhow::{Context as _, Result, anyhow};

const ORG: i64 = 100_458;
/// The key of the demo's client.
const KEY: &str = "demo";
/// Its secret, which is none.
const SECRET: &str = "demo-secret";

/// When the badges start: before the dates of the examples.
const STARTS_ON: &str = "2024-01-01T00:00:00Z";
/// When the badges end and enrolments expire: as in the answers of the examples.
const EXPIRES_ON: &str = "2031-01-15T09:32:37Z";

/// A badge of the demo.
struct DemoBadge {
    id: &'static str,
    name: &'static str,
    description: &'static str,
    claimed_by: &'static str,
    /// Whether customers earn it without being enrolled.
    direct: bool,
}

/// The group of the badge that is earned directly: its id and its name.
const GROUP: [&str; 2] = ["664f0d8a9a2c373c7d767e9b", "Everyday"];
/// The custom field of that badge: its id, its name and the badge's value.
const FIELD: [&str; 3] = ["65bb3d6afd3e324f2cac8839", "Tier", "gold"];

const BADGES: [DemoBadge; 3] = [
    DemoBadge {
        id: "66276dc68fe258516a88ff8e",
        name: "Frequent Guest",
        description: "The first badge of the demo, claimed by Loyalty for 123694.",
        claimed_by: "123694",
        direct: false,
    },
    DemoBadge {
        id: "653de84db3cda7078c7c68ed",
        name: "Early Bird",
        description: "The second badge of the demo, claimed by Loyalty for 626.",
        claimed_by: "626",
        direct: false,
    },
    DemoBadge {
        id: "66da90348bdb494a4f06576f",
        name: "Coffee Lover",
        description: "Earned directly: once a day by a customer, a thousand times in all.",
        claimed_by: "626",
        direct: true,
    },
];

/// Makes sure of everything that the demo has.
///
/// # Errors
/// The database does not answer, or something else of the org is in the way.
pub(crate) fn seed(ports: &Ports) -> Result<()> {
    let client = client(ports)?;
    let Some(caller) = caller_of(&client).filter(|_| client.has_secret(&demo_secret())) else {
        tracing::warn!("the demo's client was revoked or has another secret: its request fails");
        return Ok(());
    };
    let group = group(ports, &caller).context("the demo's group")?;
    custom_field(ports, &caller).context("the demo's custom field")?;
    for demo in &BADGES {
        let group = group.filter(|_| demo.direct);
        badge(ports, &caller, demo, group)
            .with_context(|| format!("the demo's badge {} ({})", demo.id, demo.name))?;
    }
    Ok(())
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
        secret: demo_secret().hash(),
        created_on: ports.clock.now(),
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

/// Makes sure that the badge is there, on, and claimed.
fn badge(ports: &Ports, caller: &Caller, demo: &DemoBadge, group: Option<GroupId>) -> Result<()> {
    let id: BadgeId = demo.id.parse()?;
    if ports.stores.badges.find(caller.org, id)?.is_none() {
        let mut new = new_badge(id, demo)?;
        if demo.direct {
            let values = custom_values(ports, caller)?;
            new.draft = earned_directly(new.draft, group, values)?;
        }
        let created = create(ports, caller, new);
        // Another server that starts at the same moment may have been faster.
        if let Err(error) = created
            && ports.stores.badges.find(caller.org, id)?.is_none()
        {
            return Err(error.into());
        }
    }
    let on = SetActivity {
        badge: id,
        active: true,
        idempotency: None,
    };
    set_activity(ports, caller, on)?;
    claim(
        ports,
        caller,
        ClaimBadge {
            badge: id,
            owner: Owner {
                owner_type: OwnerType::Loyalty,
                reference: ReferenceId::try_from(demo.claimed_by)?,
            },
            idempotency: None,
        },
    )?;
    Ok(())
}

/// Makes sure that the group is there, unless it was removed; gives its id if it is there.
fn group(ports: &Ports, caller: &Caller) -> Result<Option<GroupId>> {
    let [id, name] = GROUP;
    let id: GroupId = id.parse()?;
    let find = || ports.stores.catalogue.group(caller.org, id);
    if find()?.is_none() {
        let now = ports.clock.now();
        let group = Group {
            id,
            org: caller.org,
            name: Name::try_from(name)?,
            rank: Rank::try_from(1)?,
            active: true,
            created_on: now,
            created_by: caller.actor,
            updated_on: now,
            updated_by: caller.actor,
        };
        let created = ports.stores.catalogue.create_group(&group, None);
        tolerate(created, || Ok(find()?.is_some()))?;
    }
    Ok(find()?.filter(|group| group.active).map(|_| id))
}

/// Makes sure that the custom field is there, unless it was disabled.
fn custom_field(ports: &Ports, caller: &Caller) -> Result<()> {
    let [id, name, _] = FIELD;
    let id: CustomFieldId = id.parse()?;
    let find = || ports.stores.catalogue.field(caller.org, id);
    if find()?.is_some() {
        return Ok(());
    }
    let now = ports.clock.now();
    let field = CustomField {
        id,
        org: caller.org,
        name: Name::try_from(name)?,
        data_type: DataType::String,
        mandatory: false,
        default: None,
        active: true,
        created_on: now,
        created_by: caller.actor,
        updated_on: now,
        updated_by: caller.actor,
    };
    let created = ports.stores.catalogue.create_field(&field, None);
    tolerate(created, || Ok(find()?.is_some()))
}

/// A name that is taken means that another server that starts at the same moment was faster, or
/// that somebody else uses it: then the demo goes without.
fn tolerate(created: Result<(), SaveError>, is_there: impl FnOnce() -> Result<bool>) -> Result<()> {
    match created {
        Ok(()) | Err(SaveError::NameTaken) => Ok(()),
        Err(_) if is_there()? => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The value of the custom field, if a badge can have it.
fn custom_values(ports: &Ports, caller: &Caller) -> Result<CustomValues> {
    let [id, name, value] = FIELD;
    let field = ports.stores.catalogue.field(caller.org, id.parse()?)?;
    let mut values = CustomValues::new();
    if field.is_some_and(|field| field.active) {
        values.insert(Name::try_from(name)?, Description::try_from(value)?);
    }
    Ok(values)
}

fn new_badge(id: BadgeId, demo: &DemoBadge) -> Result<CreateBadge> {
    let at = |iso| Instant::parse_iso(iso).map_err(|problem| anyhow!(problem));
    let expires_on = at(EXPIRES_ON)?;
    Ok(CreateBadge {
        draft: BadgeDraft {
            name: Some(BadgeName::try_from(demo.name)?),
            description: Some(Description::try_from(demo.description)?),
            starts_on: Some(at(STARTS_ON)?),
            expires_on: Some(expires_on),
            earn_type: Some(EarnType::IssueEarn),
            enrolment_expiry: Some(Expiry::FixedDate(expires_on)),
            earned_expiry: Some(Expiry::Never),
            owners: vec![OwnerType::Loyalty],
            ..BadgeDraft::default()
        },
        unread: Vec::new(),
        active: true,
        migrating: true,
        id: Some(id),
        idempotency: None,
    })
}

/// What is different of a badge that is earned directly.
fn earned_directly(
    draft: BadgeDraft,
    group: Option<GroupId>,
    custom_values: CustomValues,
) -> Result<BadgeDraft> {
    let once_a_day = Constraint::FixedWindow(FixedWindowDraft {
        reference: None,
        cycle: Cycle::Days {
            refresh_rate: Count::ONE,
        },
        max: Count::ONE,
    });
    Ok(BadgeDraft {
        earn_type: Some(EarnType::Earn),
        enrolment_expiry: None,
        earned_expiry: Some(Expiry::Relative {
            unit: CalendarUnit::Months,
            value: ExpiryValue::try_from(1)?,
        }),
        customer_constraints: vec![once_a_day],
        badge_constraints: vec![Constraint::FixedValue(Count::try_from(1_000)?)],
        rank: Some(Rank::try_from(1)?),
        group,
        custom_values,
        ..draft
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use accolade_application::access::{Credentials, authenticate, revoke_client};
    use accolade_application::answer::Answer;
    use accolade_application::badges::{get, unclaim};
    use accolade_application::catalogue::{groups, remove_group};
    use accolade_application::earning::{EarnBadge, earn};
    use accolade_application::enrolment::{EnrolCustomers, enrol};
    use accolade_application::error::UseCaseError;
    use accolade_application::ports::{Operation, PageOf};
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
        let credentials = Credentials {
            key: KEY.to_owned(),
            secret: demo_secret(),
        };
        caller_of(&authenticate(ports, &credentials).unwrap().unwrap()).unwrap()
    }

    fn loyalty(reference: &str) -> Owner {
        Owner {
            owner_type: OwnerType::Loyalty,
            reference: ReferenceId::try_from(reference).unwrap(),
        }
    }

    #[test]
    fn the_demos_client_enrols_as_the_examples_do() {
        let ports = ports();
        seed(&ports).unwrap();
        let caller = caller(&ports);
        assert_eq!(caller.org.get(), 100_458);
        assert_eq!(caller.groups, AccessGroups::ALL);
        for demo in BADGES.iter().filter(|demo| !demo.direct) {
            let command = EnrolCustomers {
                badge: demo.id.parse().unwrap(),
                customers: vec![62_090_013.try_into().unwrap()],
                unknown: Vec::new(),
                request_id: None,
                event_on: Some(Instant::parse_iso("2024-04-23T13:44:15+05:30").unwrap()),
                triggered_by: Some(loyalty(demo.claimed_by)),
                idempotency: None,
            };
            let Answer::Enrolment(answer) = enrol(&ports, &caller, command).unwrap() else {
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
        let demo = BADGES.iter().find(|demo| demo.direct).unwrap();
        let id: BadgeId = demo.id.parse().unwrap();
        let again = |request_id: &str| {
            let command = EarnBadge {
                operation: Operation::Earn,
                badge: id,
                customers: vec![62_090_013.try_into().unwrap()],
                unknown: Vec::new(),
                request_id: request_id.try_into().unwrap(),
                event_on: None,
                triggered_by: Some(loyalty(demo.claimed_by)),
                idempotency: None,
            };
            earn(&ports, &caller, command)
        };
        assert!(matches!(again("1"), Ok(Answer::Earned(_))));
        let Err(UseCaseError::Refused(rejections)) = again("2") else {
            panic!("earned twice a day")
        };
        assert_eq!(rejections[0].code.number(), 817);
        let view = get(&ports, &caller, id).unwrap();
        assert_eq!(view.group.unwrap().name.as_str(), "Everyday");
        let values = view.badge.definition.custom_values;
        let tier = values.get(&"Tier".try_into().unwrap());
        assert_eq!(tier.map(Description::as_str), Some("gold"));
    }

    #[test]
    fn a_group_that_was_removed_stays_removed() {
        let ports = ports();
        seed(&ports).unwrap();
        let caller = caller(&ports);
        remove_group(&ports, &caller, GROUP[0].parse().unwrap()).unwrap();
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
            let badge = |demo: &DemoBadge| ports.stores.badges.find(org, demo.id.parse().unwrap());
            let clients = ports.stores.access.clients().unwrap();
            (BADGES.each_ref().map(|demo| badge(demo).unwrap()), clients)
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
        let id: BadgeId = BADGES[0].id.parse().unwrap();
        let taken_back = ClaimBadge {
            badge: id,
            owner: loyalty("123694"),
            idempotency: None,
        };
        unclaim(&ports, &caller, taken_back).unwrap();
        let off = SetActivity {
            badge: id,
            active: false,
            idempotency: None,
        };
        set_activity(&ports, &caller, off).unwrap();

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
